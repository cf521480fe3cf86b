"""The list of checks: to add one, write its file in `checks/` and add its name here."""

from importlib import import_module

from estimates.gate.check import Check

# Modules of `estimates.gate.checks`; a check stands after the checks that it depends on.
_MODULES = (
    # stage 1, integrity
    "manifest",
    "content_digest",
    "readable",
    "schema_check",
    "keys_check",
    "not_empty",
    "minimum_rows",
    "lineage",
    "reproducible",
    # stage 2, the candidate alone
    "nan",
    "infinite",
    "nulls",
    "null_share",
    "hard_bounds",
    "soft_bounds",
    "interval_order",
    "nested_intervals",
    "equal_intervals",
    "zero_width",
    "quantile_crossing",
    "equal_quantiles",
    "probabilities_check",
    "vocabulary",
    "domain_missing",
    "domain_outside",
    "times",
    "freshness_check",
    "submission_window",
    "constant_column",
    "dominant_value",
    "duplicate_content",
    # stage 3, against the baseline
    "new_duplicates",
    "comparable",
    "removed_keys",
    "added_keys",
    "finite_to_null",
    "unchanged_check",
    "frozen_check",
    "updated_share",
    "unusual_change",
    "p95_change",
    "extreme_move",
    "jumps",
    "unlike_others",
    "median_shift",
    "sign_flips",
    "z_beyond_one",
    "outside_old_interval",
    "width_change",
    "series_width",
    "relative_width",
    "quantile_change",
    "label_churn",
    "prevalence_change",
    "rank_order",
    "top_overlap",
    "concentration",
    "psi",
    "worst_group_change",
    "worst_group_z",
    # stage 4, with actual values, and waivers
    "coverage_error",
    "accuracy_loss",
    "excess_churn",
    "diebold_mariano_check",
    "waivers",
)
CHECKS: list[Check] = [import_module(f"estimates.gate.checks.{name}").CHECK for name in _MODULES]

BY_NAME: dict[str, Check] = {check.name: check for check in CHECKS}
