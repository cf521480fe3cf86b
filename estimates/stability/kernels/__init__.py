"""Numeric work on long columns, in blocks that fit the processor's cache.

blocks       work block by block, by threads
selection    quantiles, means and largest values without sorting all
sorting      the rows of a column in the order of its values
grouping     rows by the value that each has
group_quantiles   quantiles of each group, in one pass
memory       of long columns, used again
pieces       a column in the memory that a frame has it in
sorted_runs  several ascending columns as one
exact        sums without rounding
key_join     which rows of two sorted frames have the same key
ks_distance  the largest distance of two distribution functions
logarithms   those that are the same on every processor

Each was measured beside its plain form: docs/decisions/0025-kernels.md.
"""
