"""A stability report as people see it.

sections, change_sections, family_sections, total_sections
                                             what a reader gets to see, as plain text
pictures, charts                             what pictures are drawn from; the drawings
report_text, report_markdown, report_html    the renderings
"""
