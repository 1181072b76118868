"""The monthly bulletin: a record of figures, sentences that cite it, the forms it is sent in."""
