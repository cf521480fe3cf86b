"""A verdict as people and CI servers read it.

verdict_text, verdict_markdown, verdict_html   for a terminal; a comment or a job's summary; a page
policy_text                      limits in force, in a few lines
quiet_text                       what passed, and what would turn on the rest
junit, github_annotations        for CI servers
checks_reference                 docs/checks.md, from the registry
"""
