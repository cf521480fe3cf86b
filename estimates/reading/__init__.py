"""Reading: one version, one moment, one key through time, the as-of join, an explanation.

reader          what a ref names at one view of the catalog, and the history of a key
version_reader  one version: one estimate, many, a leading part of the key
field_selection  some columns of the rows that a read file gives
answer          what reading gives: the bytes that HTTP sends
answer_plot     an answer as a chart
answer_rows     what a person sees of one first: a title, and its rows
standing        whether an answer is stale, of an earlier version, of a retired set
page_cursor     how many rows a page has, and the cursor that leads to the next one
tabular         answers as polars frames, CSV and Arrow
key_chain       the chain of one key: what became of each of its numbers
expected_keys   which keys a version had to have
absent_keys     why versions have no row for keys, column by column
row_request, row_query   rows by ranges of the key, by release, lag and deadline
deadline        a moment before each target
as_of_plan      which rows of a frame go to which version, and back
as_of_join      for each row of a frame the estimate that production gave at its time
key_values      the values of one column of the key, under those before it
outcome         what came of a key: its actual value, and how far each version was from it
explanation     why an estimate is what it is
"""
