"""Write, review, sign and list bulletins."""
