"""The ground floor: catalogues, readers of office files, checks, the vintage store."""
