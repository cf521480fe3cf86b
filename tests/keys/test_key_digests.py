"""Which rows have keys that are known by digests alone."""

from __future__ import annotations

import hashlib
from datetime import date

import polars as pl
import pytest

from estimates.catalog.erased_keys import ErasedKeys
from estimates.keys import key_digests
from estimates.keys.key_digests import has_digest

ROWS = pl.DataFrame(
    {
        "who": ["ada", "bob", "bob", "ÆØÅ", "a"],
        "number": [-5, 0, 12, 7, 1],
        "day": [date(2024, 1, day) for day in range(1, 6)],
    }
)


@pytest.mark.parametrize("few", [0, 100])
def test_rows_of_keys_and_of_leading_parts(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole keys and leading parts are found, by Python and by DuckDB, and nothing else."""
    monkeypatch.setattr(key_digests, "_FEW", few)
    keys = ErasedKeys("store", "set", [])
    wanted = [("bob",), ("ÆØÅ", "7"), ("ada", "-5", "2024-01-01"), ("ad",), ("a", "2")]
    digests = {keys.digest(key) for key in wanted}
    erased = ErasedKeys("store", "set", digests)
    matches = has_digest(ROWS, ROWS.columns, erased.prefix, digests).to_list()
    assert matches == [True, True, True, True, False]
    texts = [tuple(map(str, row)) for row in ROWS.iter_rows()]
    assert [key in erased for key in texts] == matches


def test_a_digest_is_of_store_set_and_parts() -> None:
    """It is the SHA-256 that docs/spec.md writes down; no parts are confused with others."""
    keys = ErasedKeys("id", "churn", [])
    assert keys.digest(("ada", "7")) == hashlib.sha256(b"id\0churn\0ada\0007\0").hexdigest()
    assert len({keys.digest(key) for key in (("ab", "c"), ("a", "bc"), ("abc",))}) == 3
