"""What nobody should send is sent to our door, a hundred thousand times; then all books are as they were.

May import: everything. Nothing of ours imports it.
"""
