"""Where numbers come in and are kept: catalogues, checks, the vintage store."""
