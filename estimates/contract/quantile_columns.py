"""Many quantile columns in one table of a contract: `[columns.q]` with `quantiles = [0.1, 0.5]`
stands for `[columns."q0.1"]` and `[columns."q0.5"]`, with everything else that it says.

A table of samples stands for itself and the quantiles of its draws, `[columns."draws_q0.5"]` of
`[columns.draws]`: those that it lists, else nine, and none where other columns are quantiles.
"""

from typing import Any

from estimates.contract.field_errors import Fault

FIELD = "quantiles"
OF_SAMPLES = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
_SAMPLES_ONLY = ("draws", "joint")
_QUANTILES_ONLY = ("scale_floor", "step", "weight", "cuts")
Tree = dict[str, Any]


def with_quantile_columns(tree: Tree) -> tuple[Tree, dict[str, str], list[Fault]]:
    """The tree of a contract with one table for each quantile, in the place of the one for all; the
    name of each such table and of the one it came from; and what is wrong with the lists.
    """
    columns = tree.get("columns")
    if not isinstance(columns, dict):
        return tree, {}, []
    expanded: Tree = {}
    origins: dict[str, str] = {}
    faults: list[Fault] = []
    for name, column in columns.items():
        is_samples = isinstance(column, dict) and column.get("role") == "samples"
        if is_samples and FIELD not in column and not _has_quantiles(columns):
            column = column | {FIELD: list(OF_SAMPLES)}
        if not isinstance(column, dict) or FIELD not in column:
            expanded[name] = column
            continue
        problem = _problem(column, columns, name, is_samples=is_samples)
        if problem is not None:
            faults.append(Fault(("columns", name), problem, FIELD))
            continue
        rest = {field: value for field, value in column.items() if field != FIELD}
        of_quantiles: Tree = {"role": "quantile", **rest}
        prefix = f"{name}_q" if is_samples else name
        if is_samples:
            of_quantiles = {n: value for n, value in rest.items() if n not in _SAMPLES_ONLY}
            of_quantiles |= {"role": "quantile", "from_samples": name}
        for quantile in column[FIELD]:
            own = column_name(prefix, quantile)
            expanded[own] = of_quantiles | {"quantile": quantile}
            origins[own] = name
        if is_samples:
            expanded[name] = {n: value for n, value in rest.items() if n not in _QUANTILES_ONLY}
    return tree | {"columns": expanded}, origins, faults


def column_name(prefix: str, quantile: float) -> str:
    """The name of a quantile's column: the prefix and the level, such as `q0.025`."""
    return f"{prefix}{quantile:.12g}"


def _has_quantiles(columns: Tree) -> bool:
    """Whether some columns are quantiles that a table brings along."""
    others = [column for column in columns.values() if isinstance(column, dict)]
    return any(
        column.get("role") == "quantile" or (FIELD in column and column.get("role") != "samples")
        for column in others
    )


def _problem(column: Tree, columns: Tree, name: str, *, is_samples: bool) -> str | None:
    levels = column[FIELD]
    if is_samples and levels == []:
        return None
    if not isinstance(levels, list) or not levels or not all(map(_is_level, levels)):
        return "'quantiles' lists numbers between 0 and 1, both excluded, such as [0.1, 0.5, 0.9]"
    names = [column_name(f"{name}_q" if is_samples else name, level) for level in levels]
    if len(set(names)) < len(names):
        return "'quantiles' must list each level once"
    if "quantile" in column and is_samples:
        return "'quantile' has no meaning for role 'samples'; 'quantiles' lists those of the draws"
    if "quantile" in column:
        return "give either 'quantile', for one column, or 'quantiles', for several"
    twice = [other for other in names if other in columns]
    if twice:
        return f"'quantiles' stands for the column {twice[0]!r}, which is there by itself, too"
    return None


def _is_level(level: object) -> bool:
    return isinstance(level, float) and 0 < level < 1
