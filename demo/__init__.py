"""The main job, played: the product's own processes against everyone else, simulated, and both sides' books compared.

May import: everything. Nothing of ours imports it.
"""
