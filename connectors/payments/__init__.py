"""Who holds the money: one file for each provider, with its signatures, its states and its way of telling us.

A provider never imports another; what two of them share is mathematics (`rsa`).
"""
