"""The routes, one file a resource; a new file here is served (`app.ROUTES`).

rows                       rows by ranges, releases and deadlines, for pages and whole versions
sets, versions, data       what there is: sets, versions with verdicts, whole versions as files
estimates                  lookups: one, a page, a batch
keys                       looking for a key: the values of one of its columns
ranking                    the estimates of a version by the size of one column
history, explanation       one key: through the versions, and why it is what it is
outcome                    one key: what came of it, how far each version was from that
diff, triangle             what changed: two versions, all versions
stability                  what each move of production changed, which keys stand still
accuracy                   stored scores
events                     the event log, as pages or as a stream
health, metrics, usage     for operators
documentation              where tools look for the OpenAPI document
"""
