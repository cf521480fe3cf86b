"""A verdict as people and CI servers read it.

verdict_text, verdict_markdown   for a terminal; for a comment or a job's summary
quiet_text                       what passed, and what would turn on the rest
junit, github_annotations        for CI servers
checks_reference                 docs/checks.md, from the registry
"""
