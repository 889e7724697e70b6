"""Who carries parcels: one party for each account, with its signatures, its codes and its way of telling us.

A courier never imports another; what two of them share is how a list of stations is read (`tracks`).
"""
