"""The forms a bulletin takes: docx, HTML, Markdown, PDF."""
