"""Who carries words to our own people: one file for each party."""
