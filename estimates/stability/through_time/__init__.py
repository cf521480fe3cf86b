"""Stability over more than two versions.

revision_report  what is said of estimates through time, as Structs
chain            what became of one key's estimates, and of all keys' together
revisions        the moves of a number along versions
triangle         what each version said of each key, and how that was revised
frozen           estimates that stand still
ols_hac          the regression behind news or noise
"""
