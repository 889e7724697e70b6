"""How fast it is, against a floor that is measured in the same run, and what the difference is spent on.

May import: everything. Nothing of ours imports it.
"""
