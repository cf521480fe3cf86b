"""The verdict as text, Markdown, JUnit XML and GitHub annotations; the page of checks."""
