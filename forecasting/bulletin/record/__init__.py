"""What a bulletin may say: every figure of every section, as one JSON-able record."""
