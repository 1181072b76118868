"""Bulletins drafted, stored, reviewed, issued and corrected."""
