"""Accuracy: what versions were worth when actual values arrived. Formulas: docs/accuracy.md.

score              one version, every family of numbers: start here
accuracy_report    the Structs of the answer; they need msgspec alone; point_report,
                   sample_report: of points, of samples
observed           what can be scored: numbers and labels, with the columns that estimate them
actuals, match     tables of actual values; a version's rows beside them

point_error, interval_score, quantile_score, probability_score, sample_score
                   a family of numbers each: `measure` gives its part of the answer
losses             the losses of each key
slices             means by group and by step of the target
skill, revision    against a baseline; against the version before
key_scores         the scores of single keys as a frame, and their means by any columns
model_table, model_text, model_page
                   several models beside each other: each pair, relative skill, ranks; as text, as a
                   heat map and a page

pooling            several versions as one
diebold_mariano    the test over dates; its p-value is the only thing that needs scipy

accuracy_json, accuracy_table, accuracy_text, comparison_text, accuracy_chart
                   the answer as JSON, as a frame, as a page for a terminal, as a picture
"""
