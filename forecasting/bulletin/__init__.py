"""The monthly bulletin: a record of figures, sentences that cite it, and its formats."""
