"""Weather that is known to come: a burst, a party that hangs, one that refuses, a chat room that is closed.

Each storm is played on real servers with everybody at an address of their own, and judged by their books.
"""
