"""The check `unlike_others`."""

from __future__ import annotations

import polars as pl

from tests.gate.cases import Setting, many, many_rows, many_setting

VOLATILE = '[gate]\nprofile = "volatile"\n'


def setting(by: float, first: float = 1.0) -> Setting:
    """A thousand keys times a factor, the first of them times another one too."""
    own = pl.when(pl.col("k") < 1).then(first).otherwise(1.0) * by
    return many_setting(
        lambda rows: rows.with_columns(pl.col("v", "low", "high") * own), contract=many(VOLATILE)
    )


def test_a_wave_is_none() -> None:
    """All keys three times as large: none is unlike the others."""
    result = setting(3.0).evaluate().check("unlike_others")
    assert result.status == "pass"
    assert result.value is not None
    assert result.value < 2  # small keys count as half of the median


def test_one_key_beside_a_wave() -> None:
    """All keys twice as large, one of them fifty times more."""
    verdict = setting(2.0, 50.0).evaluate()
    result = verdict.check("unlike_others")
    assert (result.status, result.offending) == ("fail", 1)
    assert result.offenders[0].key == ["0"]
    assert "beside the others" in result.offenders[0].detail


def test_without_a_limit_nothing_is_measured() -> None:
    """The default profile has none: large sets are not looked through for nothing."""
    result = many_setting(lambda rows: rows).evaluate().check("unlike_others")
    assert (result.status, result.reason) == ("skipped", "not_in_contract")


def test_a_column_of_zeros_has_no_scale() -> None:
    """Where most of the old values are 0 no factor can be told."""
    zeros = many_rows().with_columns(pl.col("v", "low", "high") * 0)
    of = many(VOLATILE)
    result = Setting(of, many_rows(), zeros).evaluate().check("unlike_others")
    assert (result.status, result.value) == ("pass", 1)


def test_a_group_has_limits_of_its_own() -> None:
    """A key may be let through by the limits of its group."""
    own = "[gate.checks.unlike_others.groups.group.a]\nwarn = 90\nblock = 100\n"
    of = many(VOLATILE + own)
    once = many_setting(
        lambda rows: rows.with_columns(
            v=pl.when(pl.col("k") < 1).then(pl.col("v") * 50).otherwise("v")
        ),
        contract=of,
    )
    assert once.evaluate().check("unlike_others").status == "pass"
