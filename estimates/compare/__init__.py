"""Side by side: two versions, two sets, two tables; and a set's versions through time.

two_versions     resolves a pair, measures it, caches its report, shows it and its changes
shared_versions  two versions that share parts, read where they differ
queries          which two versions are compared, and which of their changes are listed
diff_measure     the contract that measures, and the digest by which results are cached
two_sets         what versions of two sets are measured by
shared_contract  the contract of the columns that both sets have
two_tables       two tables under one contract: the report and the changes
table_diff       `estimates.diff` and `estimates.changes`: tables without a store
change_bounds    changes within bounds, such as the keys of one bar
horizon_targets  which target each horizon of a report stands for
change_page      a page of changes, and the cursor to the next one
change_rows      the rows of such a page as JSON, and as a table again
series           what each move of production changed
series_report    the Structs that say it
frozen_keys      what is said of keys that stand still
frozen_versions  versions one after the other in production that should not all be the same
vintages         every version's estimates of a column: triangle and revisions
"""
