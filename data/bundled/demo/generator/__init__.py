"""Generator of the demonstration data; not part of the installed program."""
