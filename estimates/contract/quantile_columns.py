"""Many quantile columns in one table of a contract: `[columns.q]` with `quantiles = [0.1, 0.5]`
stands for `[columns."q0.1"]` and `[columns."q0.5"]`, with everything else that it says.
"""

from typing import Any

from estimates.contract.field_errors import Fault

FIELD = "quantiles"
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
        if not isinstance(column, dict) or FIELD not in column:
            expanded[name] = column
            continue
        problem = _problem(column, columns, name)
        if problem is not None:
            faults.append(Fault(("columns", name), problem, FIELD))
            continue
        rest = {field: value for field, value in column.items() if field != FIELD}
        for quantile in column[FIELD]:
            own = column_name(name, quantile)
            expanded[own] = {"role": "quantile", **rest, "quantile": quantile}
            origins[own] = name
    return tree | {"columns": expanded}, origins, faults


def column_name(prefix: str, quantile: float) -> str:
    """The name of a quantile's column: the prefix and the level, such as `q0.025`."""
    return f"{prefix}{quantile:.12g}"


def _problem(column: Tree, columns: Tree, name: str) -> str | None:
    levels = column[FIELD]
    if not isinstance(levels, list) or not levels or not all(map(_is_level, levels)):
        return "'quantiles' lists numbers between 0 and 1, both excluded, such as [0.1, 0.5, 0.9]"
    names = [column_name(name, level) for level in levels]
    if len(set(names)) < len(names):
        return "'quantiles' must list each level once"
    if "quantile" in column:
        return "give either 'quantile', for one column, or 'quantiles', for several"
    twice = [other for other in names if other in columns]
    if twice:
        return f"'quantiles' stands for the column {twice[0]!r}, which is there by itself, too"
    return None


def _is_level(level: object) -> bool:
    return isinstance(level, float) and 0 < level < 1
