"""Commands for what people enter: observations, caps, plans, events; and the catalogue."""
