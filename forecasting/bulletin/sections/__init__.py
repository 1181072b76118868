"""The sections of the bulletin: sentences and tables that cite the record and compute nothing."""
