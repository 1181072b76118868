"""The forms a bulletin is sent in, by name."""

FORMS = ("docx", "html", "pdf", "ofd", "md", "json")
# Made of the docx by other programs.
PRINTED = ("pdf", "ofd")
