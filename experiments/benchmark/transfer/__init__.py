"""Whether a rule of the combination holds on variants of a panel and on short series."""
