"""The list of checks: to add one, write its function in the file of its topic and add one line here.

A check stands after the checks that it depends on. Checks 43 and 44 of gate.md are run by promote.
"""

from __future__ import annotations

from estimates.gate import change, content, coverage, integrity, intervals, times, waivers
from estimates.gate.case import Check

# fmt: off
CHECKS: list[Check] = [
    # stage 1, integrity
    Check(1, "manifest", "Manifest present", 1, integrity.manifest, block=0, waivable=False, depends_on=()),
    Check(2, "content_digest", "Files match their digests", 1, integrity.content_digest,
          block=0, waivable=False, depends_on=("manifest",)),
    Check(3, "readable", "Parquet readable, rows as in the manifest", 1, integrity.readable,
          block=0, waivable=False, depends_on=("content_digest",)),
    Check(4, "schema", "Columns, types, units, levels, quantiles", 1, integrity.schema,
          block=0, waivable=False, depends_on=("readable",)),
    Check(5, "keys", "Keys not null, unique, fit for a path", 1, integrity.unique_keys,
          block=0, waivable=False, depends_on=("schema",)),
    Check(6, "not_empty", "Not empty", 1, integrity.not_empty,
          block=1, worse="below", waivable=False, depends_on=("schema",)),
    Check(6, "minimum_rows", "At least the contract's number of rows", 1, integrity.minimum_rows,
          field="domain.minimum", limits=integrity.minimum, worse="below", waivable=False, depends_on=("not_empty",)),
    Check(7, "lineage", "data_through, run_id and input digests recorded", 1, integrity.lineage,
          block=0, depends_on=()),
    Check(7, "reproducible", "Code revision and seed recorded", 1, integrity.reproducible, warn=0, depends_on=()),
    # stage 2, the candidate alone
    Check(8, "nan", "No NaN", 2, content.nan, block=0),
    Check(9, "infinite", "No infinities", 2, content.infinite, block=0),
    Check(10, "nulls", "No nulls where none are allowed", 2, content.nulls, block=0),
    Check(10, "null_share", "Share of nulls where they are allowed", 2, content.null_share, unit="share"),
    Check(11, "hard_bounds", "Inside hard bounds", 2, content.hard_bounds, block=0),
    Check(11, "soft_bounds", "Inside soft bounds", 2, content.soft_bounds, unit="share", warn=0.001),
    Check(12, "interval_order", "lower <= point <= upper", 2, intervals.interval_order, block=0, waivable=False),
    Check(12, "zero_width", "Intervals have a width", 2, intervals.zero_width, unit="share", warn=0.001),
    Check(13, "quantile_crossing", "Quantiles do not cross", 2, intervals.quantile_crossing, block=0, waivable=False),
    Check(14, "probabilities", "Probabilities valid", 2, content.probabilities, block=0, waivable=False),
    Check(15, "vocabulary", "Labels in the vocabulary", 2, content.vocabulary, block=0),
    Check(16, "domain_missing", "Every key of the domain", 2, coverage.domain_missing,
          unit="share", field="domain.allow_missing", limits=coverage.allow_missing),
    Check(16, "domain_outside", "No key outside the domain", 2, coverage.domain_outside, block=0),
    Check(17, "times", "No data from the future", 2, times.times, block=0, depends_on=()),
    Check(18, "freshness", "Data not too old", 2, times.freshness,
          unit="seconds", field="freshness.max_age", limits=times.max_age, depends_on=()),
    Check(19, "constant_column", "No constant column", 2, content.constant_column, warn=0),
    Check(19, "dominant_value", "No value fills a column", 2, content.dominant_value, unit="share", warn=0.5),
    Check(20, "duplicate_content", "Different keys, different estimates", 2, content.duplicate_content,
          unit="share", warn=0.01),
    # stage 3, against the baseline
    Check(21, "removed_keys", "Keys of the baseline still there", 3, change.removed_keys,
          unit="share", warn=0.005, block=0.02),
    Check(22, "added_keys", "Few new keys", 3, change.added_keys, unit="share", warn=0.05, block=0.20),
    Check(23, "finite_to_null", "No estimate lost", 3, change.finite_to_null, block=0),
    Check(24, "unchanged", "Not the same as the baseline", 3, change.unchanged, warn=1, worse="below"),
    Check(26, "p95_change", "95 % of the keys move little", 3, change.p95_change, unit="number", warn=0.10, block=0.25),
    Check(26, "extreme_move", "No key moves by many half widths", 3, change.extreme_move, unit="number", warn=10),
    Check(28, "sign_flips", "Few changes of sign", 3, change.sign_flips, unit="share", warn=0.01, block=0.05),
    # stage 4, exceptions
    Check(42, "waivers", "Waivers well-formed and in force", 4, waivers.waivers,
          block=0, waivable=False, depends_on=()),
]
# fmt: on
