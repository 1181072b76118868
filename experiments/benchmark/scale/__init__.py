"""What many regions cost: cycles over synthetic regions of a known law, measured."""
