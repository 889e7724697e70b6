"""Servers beside us: started, kept and ended for `stack.py`, their only caller. No room of the house is known here."""
