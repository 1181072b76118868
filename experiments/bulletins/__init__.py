"""Bulletins made, kept, reviewed, signed and corrected."""
