"""Stability: what changed between two versions of a set, per key first.

Formulas: docs/stability.md.

diff               puts the report together: start here
report, label_report, family_reports   the Structs of the report; they need msgspec alone
headline           the report in one sentence; headline_part: what series keep of a report
unchanged          the report of a snapshot and itself

alignment          which rows of two frames have the same key
near_keys          keys that came and went and are the same but for how they are written
pairing, paired_contract   which keys are compared: the same key, target, or step after the origin
aligned            two aligned frames, read column by column
value_kinds        finite, null, nan, +inf, -inf, absent
noise              differences that a column's own tolerance says are none
deltas, plain_change   how one number moved, key by key; as people say it
interval_changes   how one interval moved, key by key
ranking            both versions of a column, sorted
shared_rows        rows that both versions share and no report has to read
shared_order       ranks and drift without them

scalar, interval, labels, quantiles, probabilities, groups, ranks, totals, drift, cuts
                   a family of metrics each: `measure` gives its part of the report
carried            attributes, which are no estimates, and on how many keys they differ
changes, change_columns   the keys that changed, one row each
contract_changes   how two contracts differ

kernels/           arithmetic on long columns, each kernel measured beside its plain form
through_time/      more than two versions: chains, revisions, frozen estimates
pages/             the report as text, Markdown and HTML with pictures

A new family of metrics is one module with `measure`, and one line in `diff`: in `_with_families`
for a number, in `_measured` for what several columns say together. Its Struct becomes a field of
`ColumnReport` or `Report`, whose revision is raised; a page shows it by a line in `pages/sections`.
"""
