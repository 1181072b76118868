"""Formats of a bulletin: docx, HTML, Markdown, PDF."""
