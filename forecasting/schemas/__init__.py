"""JSON Schemas of published documents."""
