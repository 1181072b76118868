"""The engine: back-test, score, select, assess caps, render."""
