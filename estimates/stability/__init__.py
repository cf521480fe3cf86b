"""Stability: what changed between two versions of a set, per key first.

report, family_reports   the Structs of the answer
align       which rows belong to the same key
compare     puts the report together: `diff`
unchanged   the report of a snapshot and itself
changes     key by key what changed: `changes`
kinds       finite, null, nan, +inf, -inf, absent
pair        two aligned frames, column by column
blocks      work on long columns, block by block, in threads
selection   quantiles and largest values without sorting
deltas      how one number moved, key by key
order       one column of both versions sorted
scalar, interval, label, groups, ranks, drift, cuts, quantiles, probabilities   one family of
metrics each: a function
            from deltas or a pair to its part of the report
pairing     which keys belong together: the same key, the same target, the same step after each
            origin
schema      how two contracts differ: `schema_changes`
frozen      which estimates stand still over several versions: `frozen`
moves, chain   one number through the versions, of one key and of many: flips, path, settling
triangle, hac  how estimates get revised, by horizon; standard errors over dates
digits      numbers as JSON tells them
headline    the answer in one sentence
sections, family_sections, section   what a reader gets to see, as plain text, for every rendering
text, markdown, marks, page, html, style   the renderings: a page of text and JSON, Markdown, HTML
pictures, charts   what pictures are drawn from, and the drawing
wording     numbers and names as people read them
"""
