"""One file for each step, forward only."""
