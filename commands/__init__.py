"""The commands of `orderhub`, a file for each noun: they open what they need, ask it, and say what came of it."""
