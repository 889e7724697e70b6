"""How the tables came to be what they are. Run by `store.database.migrate`."""
