"""Commands on registered versions: list, compare, verify, promote, roll back, monitor."""
