"""Accuracy: what versions were worth when actual values arrived. docs/accuracy.md has every number
and formula.

observed     what can be scored: numbers and labels, with the columns that say something about them
actuals      tables of actual values; match: a version beside them
point, interval, quantile, probability   a family of numbers each
losses       the losses of each key; slices: by group and horizon; skill, revision: against another
             version
score        one version; together, diebold_mariano: all versions
report       the Structs; wire: as JSON; table: as a frame; text: as a page; charts: as pictures
"""
