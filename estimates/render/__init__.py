"""Text, Markdown, HTML and pictures: what all reports are laid out with.

section            a heading, sentences, a table and notes: what each layout is given
change_text        how far a number moved, one way everywhere
wording            numbers, names and keys as people read them; cutting and making visible
digits             numbers of JSON, rounded to 12 significant digits
terminal           pages of plain text: tables, wrapped lines, bars
markdown           lists, tables and folded parts, escaped for GitHub
formula_text       text that a spreadsheet would take for a formula
html, style        a page that stands alone, escaped, and how it looks
vega               the only module that knows Altair and vl-convert, the extra `charts`
notebook           what an object shows of itself when it is printed, or in a notebook
plots              charts to look at in a notebook
chart, colours     pictures inside a page: their look and their colours
row_text           rows and cells of a frame as text and JSON
"""
