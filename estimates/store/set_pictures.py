"""What a set shows of itself in a notebook: its newest versions, and what a version says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from estimates.catalog.ref import Ref
from estimates.contract.columns import key_text, parse_key_part
from estimates.contract.contract import Contract
from estimates.keys.key_form import KeyForm
from estimates.reading.field_selection import selection
from estimates.render.notebook import fragment
from estimates.render.plots import SERIES, values
from estimates.render.wording import count

if TYPE_CHECKING:
    from estimates.store.estimate_set import EstimateSet

_DATED = ("date", "timestamp")
_SERIES = "\x01series"  # no column of a contract has this name
_ROWS = 2_000  # points that a browser draws at once


def set_fragment(of: EstimateSet) -> str:
    """Its versions, newest first, with the aliases that name them."""
    view = of.store.view()
    of_set = view.set(of.name)
    rows = [
        {
            "version": version.version,
            "state": view.state(version).replace("_", " "),
            "aliases": ", ".join(
                alias for alias, to in of_set.aliases.items() if to.version == version.version
            ),
            "published": version.published_at,
            "data through": version.data_through,
            "rows": version.rows,
        }
        for version in reversed(of_set.versions)
    ]
    return fragment(f"{of.name}: {count(len(rows), 'version')}", rows)


def set_plot(of: EstimateSet, prefix: tuple[Any, ...], ref: Ref, column: str | None) -> Any:
    """A line a series over the last part of the key, with the widest interval of the number.

    Raises InvalidError `key_parts`, `bad_key_part`, `unknown_field`, and as `frame`.
    """
    version = of.resolve(ref)
    contract = of.contract_of(version)
    if column is not None:
        selection(of.name, contract, [column])
    texts = KeyForm(contract).texts(prefix, partial=True)
    frame = of.frame(version.version)
    for (name, part), text in zip(contract.key.items(), texts, strict=False):
        frame = frame.filter(pl.col(name) == parse_key_part(part.type, text))
    x = contract.target or list(contract.key)[-1]
    leading = [name for name in contract.key if name != x]
    shown = column or contract.judged[0]
    ends = _ends(contract, shown)
    series = pl.concat_str([pl.col(n).cast(pl.String) for n in leading], separator="/")
    frame = frame.with_columns((series if leading else pl.lit("")).alias(_SERIES))
    names = frame[_SERIES].unique(maintain_order=True)
    left_out = f"{SERIES} of {names.len():,} series" if names.len() > SERIES else ""
    frame = frame.filter(pl.col(_SERIES).is_in(names.head(SERIES).to_list()))
    if frame.height > _ROWS:
        left_out = f"the first {_ROWS:,} of {frame.height:,} keys"
    rows = [
        {
            "x": key_text(row[x]),
            "series": row[_SERIES],
            "value": row[shown],
            **({"lower": row[ends[0]], "upper": row[ends[1]]} if ends else {}),
        }
        for row in frame.head(_ROWS).iter_rows(named=True)
    ]
    unit = contract.columns[shown].unit if shown in contract.columns else None
    title = f"{shown}{f' [{unit}]' if unit else ''}, version {version.version}"
    dated = contract.key[x].type in _DATED
    return values(rows, x, title, dated=dated, band=ends is not None, left_out=left_out)


def _ends(contract: Contract, point: str) -> tuple[str, str] | None:
    """The widest interval of a point."""
    of = [interval for interval in contract.all_intervals() if interval.point == point]
    widest = max(of, key=lambda interval: interval.level, default=None)
    return None if widest is None else (widest.lower, widest.upper)
