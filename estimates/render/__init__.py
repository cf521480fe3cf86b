"""Text, Markdown, HTML and pictures: what all reports are laid out with."""
