"""The desk: pages for people, made of the answers under /v1 and of nothing else.

pages/      a page a file: what it asks, and what its template is given; docs/desk.md shows them
templates/  Jinja, escaped; macros.html has the pieces that all pages share
pictures       what a picture is made of; move_pictures  how far production moved
check_history  what a check said in the verdicts before
lineage        where a version comes from and who reads it, drawn
markdown       Markdown of contracts, safely
site        the pages of some sets as files
heat_map       the revision triangle in colours
accuracy_pictures  errors, coverage and PIT, drawn
comparison_pictures  what moved between two versions, drawn
key_pictures   one key through the versions, drawn
leading_parts  parts of a key in a form
table_filter   what the form above a version's table asks for
contract_words  a contract in sentences
version_pair   two versions: what differs, what does not
set_record     how stable and how right a set was so far
answers     asks the service for what a page shows, in this process
desk_page   a page while it is made: its moment, its links, its answers; problems as pages
links       relative URLs of pages and of answers
filters     numbers, times, names and keys as pages write them
axes        scales and ticks of pictures
timeline    versions and production through time, as a picture
attention   which sets need somebody, the worst first
snippets    how to read a set from other programs
"""
