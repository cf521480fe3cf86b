"""Keys that came and went and are the same but for how they are written.

Looked at only where keys were added and removed; they stay different keys.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from estimates.stability.alignment import Alignment, key_texts
from estimates.stability.family_reports import NearKeys

_EXAMPLES = 5
_RULES: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "trimmed": lambda text: text.str.strip_chars(),
    "unicode": lambda text: text.str.normalize("NFC"),
    "case": lambda text: text.str.to_lowercase(),
    "point_zero": lambda text: text.str.replace(r"^([+-]?\d+)\.0+$", "$1"),
    "leading_zeros": lambda text: text.str.replace(r"^([+-]?)0+(\d)", "$1$2"),
}


def near_keys(alignment: Alignment) -> NearKeys | None:
    """Pairs of a removed and an added key that are equal once all rules are applied; None where
    there is none.

    Of the text columns of the key; a pair counts where neither key has a second one to pair with.
    """
    key = alignment.key
    texts = [name for name in key if alignment.a.schema[name] == pl.String]
    if not (texts and len(alignment.added) and len(alignment.removed)):
        return None
    removed, added = (
        frame.select(key)[rows]
        for frame, rows in ((alignment.a, alignment.removed), (alignment.b, alignment.added))
    )
    if not all(_has_alike(removed[name], added[name]) for name in texts):
        return None
    pairs = _pairs(removed, added, key, texts, list(_RULES))
    if not pairs.height:
        return None
    by_rule = {rule: _pairs(removed, added, key, texts, [rule]).height for rule in _RULES}
    first = pairs.head(_EXAMPLES)
    examples = zip(
        key_texts(removed, key, first["a"].to_numpy()),
        key_texts(added, key, first["b"].to_numpy()),
        strict=True,
    )
    return NearKeys(pairs.height, by_rule, [list(pair) for pair in examples])


def _has_alike(removed: pl.Series, added: pl.Series) -> bool:
    """Whether any text of one column is one of the other's, once all rules are applied; there are
    fewer texts than keys.
    """
    old, new = (_written(values.unique(), list(_RULES)) for values in (removed, added))
    return old.is_in(new.implode()).any()


def _pairs(
    removed: pl.DataFrame, added: pl.DataFrame, key: list[str], texts: list[str], rules: list[str]
) -> pl.DataFrame:
    """Row numbers `a` and `b` of the pairs, in the order of `removed`."""

    def alike(frame: pl.DataFrame, number: str) -> pl.DataFrame:
        columns = [_written(frame[name], rules if name in texts else []) for name in key]
        written_alike = pl.DataFrame(columns).with_row_index(number)
        return written_alike.unique(subset=key, keep="none", maintain_order=True)

    pairs = alike(removed, "a").join(alike(added, "b"), on=key, how="inner", maintain_order="left")
    return pairs.select("a", "b")


def _written(values: pl.Series, rules: list[str]) -> pl.Series:
    """The values as the rules write them; a text that many keys have is written once."""
    if not rules:
        return values
    text = pl.col(values.name)
    for rule in rules:
        text = _RULES[rule](text)
    texts = values.unique()
    if 2 * len(texts) > len(values):
        return values.to_frame().select(text).to_series()
    written = texts.to_frame().select(text).to_series()
    return values.replace_strict(texts, written, return_dtype=pl.String)
