"""Everything that we run is killed at random while orders are played; then all books are compared.

May import: everything. Nothing of ours imports it.
"""
