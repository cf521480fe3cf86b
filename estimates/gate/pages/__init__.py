"""A verdict as text, Markdown, JUnit XML and GitHub annotations; docs/checks.md."""
