"""A stability report as people see it: text, Markdown, HTML with pictures."""
