"""What single checks measure, name and leave alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from estimates.contract.contract import parse_contract
from estimates.gate.candidate import Candidate
from estimates.gate.evaluation import evaluate
from estimates.gate.verdict import CheckResult
from tests.gate.cases import (
    CONTRACT,
    JUDGED,
    THROUGH,
    Setting,
    contract,
    edit,
    file,
    frame,
    off_by_ten,
    poke,
    poked,
    provenance,
    simple,
    stored,
)


def test_offenders_name_key_column_and_value() -> None:
    """An offender of a cell has the key as text, the column and the value with the bound it breaks."""
    [offender] = poke("close", 5000.5).evaluate().check("hard_bounds").offenders
    assert offender.key == ["AAPL", "2026-11-23"]
    assert offender.column == "close"
    assert offender.detail == "close = 5000.5: outside min 0, max 5000"


def test_offenders_are_the_first_hundred_and_all_are_counted() -> None:
    """Of 250 bad rows a hundred are named, in order of the key, and 250 counted."""
    content = pl.DataFrame(
        {"k": [f"{i:03}" for i in range(250)], "v": [-1.0 - i for i in range(250)]}
    )
    result = Setting(simple("min = 0"), content, None).evaluate().check("hard_bounds")
    assert (result.value, result.offending, len(result.offenders)) == (250, 250, 100)
    assert [offender.key for offender in result.offenders] == [[f"{i:03}"] for i in range(100)]


def test_passing_checks_report_value_limits_and_n() -> None:
    """A check reports what it measured whatever its status."""
    content = pl.DataFrame({"k": ["a", "b", "c", "d"], "v": [100.0, 200.0, 300.0, None]})
    now = content.with_columns(pl.col("v") * 1.01)
    result = Setting(simple("nullable = true"), now, content).evaluate().check("p95_change")
    assert result.status == "pass"
    assert result.value == pytest.approx(0.01 / 1.005)
    assert (result.warn, result.block, result.n, result.coverage) == (0.15, 0.25, 3, 0.75)


def test_the_schema_check_names_every_difference() -> None:
    """Missing, additional and changed columns are each an offender."""
    verdict = Setting(
        candidate={"shape": contract('unit = "USD"', 'unit = "EUR"').shape()}
    ).evaluate()
    [offender] = verdict.check("schema").offenders
    assert (offender.column, offender.detail) == ("close", "unit is EUR, the contract says USD")
    verdict = file(frame(1.001).rename({"close": "price"})).evaluate()
    assert [(o.column, o.detail) for o in verdict.check("schema").offenders] == [
        ("close", "missing"),
        ("price", "not in the contract"),
    ]


def test_the_schema_check_names_dates_that_no_calendar_has() -> None:
    """A file with timestamps beyond the year 9999 fails the schema check, the column named."""
    of = parse_contract('name = "simple"\n[key.at]\ntype = "timestamp"\n[columns.v]\n')
    content = pl.DataFrame(
        {"at": pl.Series([0, 2**62]).cast(pl.Datetime("ms", "UTC")), "v": [1.0, 2.0]}
    )
    result = Setting(of, content, None, file=True).evaluate().check("schema")
    assert result.status == "fail"
    assert [(o.column, "years 1 to 9999" in o.detail) for o in result.offenders] == [("at", True)]


@pytest.mark.parametrize(
    "spelled", [("", ""), ('of = "v"\n', ""), ("", 'of = "v"\n'), ('of = "v"\n', 'of = "v"\n')]
)
def test_quantiles_cross_whether_or_not_their_point_is_spelled_out(
    spelled: tuple[str, str],
) -> None:
    """Columns that leave out `of` belong to the same grid as those that name the only point."""
    low, high = spelled
    quantiles = {"q1": f"quantile = 0.1\n{low}", "q9": f"quantile = 0.9\n{high}"}
    of = simple(
        more="".join(f'[columns.{q}]\nrole = "quantile"\n{rest}' for q, rest in quantiles.items())
    )
    content = pl.DataFrame({"k": ["a", "b"], "v": [5.0, 6.0], "q1": [9.0, 1.0], "q9": [1.0, 9.0]})
    assert check_of("quantile_crossing", content, of).value == 1


def test_a_file_in_another_order_of_columns_has_the_shape() -> None:
    """The order of estimate columns is no difference."""
    reordered = parse_contract(
        'name = "simple"\n[key.k]\ntype = "string"\n[columns.w]\nrole = "attribute"\n[columns.v]\n'
    )
    now = simple(more='[columns.w]\nrole = "attribute"\n')
    content = pl.DataFrame({"k": ["a", "b"], "w": [1.0, 2.0], "v": [1.0, 2.0]})
    verdict = evaluate(
        now,
        stored(content, now, shape=reordered.shape(), provenance=provenance()),
        None,
        judged_at=JUDGED,
        contract_revision=2,
    )
    assert verdict.check("schema").status == "pass"


def check_of(name: str, content: pl.DataFrame, of: Any, **changed: Any) -> CheckResult:
    """The result of one check for a first version."""
    return Setting(of, content, None, candidate=changed).evaluate().check(name)


def test_one_probability_needs_no_partner() -> None:
    """A single probability column adds up to nothing; it must lie in 0..1, with a tolerance of
    1e-9.
    """
    churn = parse_contract(
        'name = "churn"\n[key.k]\ntype = "string"\n[columns.p]\nrole = "probability"\nlabel = '
        '"leaves"\n'
    )
    fine = pl.DataFrame({"k": ["a", "b"], "p": [0.25, 1 + 1e-10]})
    assert check_of("probabilities", fine, churn).status == "pass"
    assert check_of("probabilities", poked(fine, "p", 1.001), churn).status == "fail"


def test_probabilities_of_some_labels_may_leave_a_rest() -> None:
    """When the vocabulary has more labels than there are probabilities, they add up to at most 1."""
    more = '[columns.l]\nrole = "label"\nlabels = ["a", "b", "c"]\n'
    more += "".join(f'[columns.p{x}]\nrole = "probability"\nlabel = "{x}"\n' for x in "ab")
    partial = simple(more=more)
    fine = pl.DataFrame(
        {"k": ["x", "y"], "v": [1.0, 2.0], "l": ["a", "c"], "pa": [0.2, 0.6], "pb": [0.3, 0.4]}
    )
    assert check_of("probabilities", fine, partial).status == "pass"
    assert check_of("probabilities", poked(fine, "pa", 0.8), partial).status == "fail"


def test_no_estimate_for_a_key_breaks_no_rule() -> None:
    """Where everything may be null, a row without estimates passes bounds, order, quantiles and
    probabilities.
    """
    text = CONTRACT.replace('unit = "USD"', 'unit = "USD"\nnullable = true')
    for role in ("lower", "upper", "quantile", "label", "probability"):
        text = text.replace(f'role = "{role}"\n', f'role = "{role}"\nnullable = true\n')
    nullable = parse_contract(text)
    content = frame(1.001)
    for name in nullable.judged:
        content = poked(content, name, None)
    verdict = Setting(nullable, content, None).evaluate()
    assert verdict.outcome == "pass", verdict.failing()
    assert verdict.check("null_share").value == 1 / 25


def test_quantiles_within_rounding_do_not_cross() -> None:
    """A quantile below its neighbour by 1e-10 of its size passes, by 1e-8 fails."""
    tiny = edit(q50=pl.col("q10") * (1 - 1e-10)).evaluate().check("quantile_crossing")
    small = edit(q50=pl.col("q10") * (1 - 1e-8)).evaluate().check("quantile_crossing")
    assert (tiny.status, small.status) == ("pass", "fail")


def test_quantile_grids_of_two_points_are_apart() -> None:
    """Quantiles of different points are not compared with each other."""
    more = '[columns.w]\nrole = "point"\n'
    more += "".join(
        f'[columns.{point}{level}]\nrole = "quantile"\nquantile = 0.{level}\nof = "{point}"\n'
        for point in "vw"
        for level in (1, 9)
    )
    grids = simple(more=more)
    content = pl.DataFrame(
        {
            "k": ["a", "b"],
            "v": [1.0, 2.0],
            "w": [9.0, 8.0],
            "v1": [0.5, 1.5],
            "v9": [1.5, 2.5],
            "w1": [8.0, 7.0],
            "w9": [10.0, 9.0],
        }
    )
    assert check_of("quantile_crossing", content, grids).value == 0


DOMAINS = [
    ("product", '[domain]\nkind = "product"\nvalues = { k = ["a", "b", "c"] }', {}),
    (
        "file",
        '[domain]\nkind = "file"\nfile = "keys.csv"',
        {"domain_keys": pl.DataFrame({"k": ["c", "a", "b"]})},
    ),
]


@pytest.mark.parametrize(
    ("kind", "text", "changed"), DOMAINS, ids=[domain[0] for domain in DOMAINS]
)
def test_domains_of_listed_values_and_of_a_file(
    kind: str, text: str, changed: dict[str, Any]
) -> None:
    """Keys of the domain that are missing are named, and so are keys outside it."""
    content = pl.DataFrame({"k": ["a", "c", "x"], "v": [1.0, 2.0, 3.0]})
    gone = check_of("domain_missing", content, simple(more=text), **changed)
    stray = check_of("domain_outside", content, simple(more=text), **changed)
    assert (gone.value, gone.n) == (pytest.approx(1 / 3), 3)
    assert [offender.key for offender in gone.offenders] == [["b"]]
    assert [offender.key for offender in stray.offenders] == [["x"]]


def test_domain_values_are_read_in_the_type_of_the_key() -> None:
    """Integers, dates and timestamps of a product are compared as such, not as text."""
    of = parse_contract(
        'name = "n"\n[key.shop]\ntype = "integer"\n[key.day]\ntype = "date"\n[key.at]\ntype = '
        '"timestamp"\n'
        '[columns.v]\n[domain]\nkind = "product"\n'
        'values = { shop = [7, 8], day = ["2026-11-24"], at = ["2026-11-24T10:00:00+01:00"] }'
    )
    at = datetime(2026, 11, 24, 9, tzinfo=UTC)
    content = pl.DataFrame(
        {"shop": [7, 8], "day": [at.date()] * 2, "at": [at] * 2, "v": [1.0, 2.0]},
        schema_overrides={"at": pl.Datetime("us", "UTC")},
    )
    verdict = Setting(of, content, None).evaluate()
    assert verdict.check("domain_missing").value == 0
    assert verdict.check("domain_outside").value == 0


def test_a_rolling_version_without_its_targets_is_an_error() -> None:
    """A rolling domain that the version does not resolve cannot be evaluated, and that blocks."""
    verdict = Setting(candidate={"provenance": provenance(targets=())}).evaluate()
    assert verdict.check("domain_missing").status == "error"
    assert "0 targets" in verdict.check("domain_missing").message
    assert verdict.blocks


def test_freshness_blocks_when_the_contract_says_so() -> None:
    """`freshness.blocks` turns the warning about old data into a refusal."""
    blocking = contract('max_age = "24h"', 'max_age = "24h"\nblocks = true')
    result = (
        Setting(blocking, candidate={"published_at": THROUGH + timedelta(hours=25)})
        .evaluate()
        .check("freshness")
    )
    assert (result.status, result.warn, result.block, result.value) == ("fail", None, 86400, 90000)


def test_elapsed_and_advanced_targets_are_neither_removed_nor_added() -> None:
    """The next day's version of a rolling set loses one target, gains one, and is not blocked for
    it.
    """
    earlier = frame()
    later = frame(1.001).with_columns(
        pl.col("target_date").dt.offset_by("1d"), pl.col("trend").fill_null(-1.5)
    )
    targets = tuple(day.isoformat() for day in later["target_date"].unique().sort())
    through = THROUGH + timedelta(days=3)  # Monday evening: Monday's target has elapsed
    setting = Setting(
        frame=later,
        baseline=earlier,
        judged_at=through + timedelta(hours=2),
        candidate={
            "provenance": provenance(data_through=through, targets=targets),
            "published_at": through + timedelta(hours=1),
        },
    )
    verdict = setting.evaluate()
    assert (verdict.check("removed_keys").value, verdict.check("added_keys").value) == (0, 0)
    assert verdict.check("p95_change").n == 20
    assert not verdict.blocks


def test_labels_rest_on_all_common_keys() -> None:
    """Null is a label: what changes into it counts in the share, and in the number of keys that the
    share is of.
    """
    of = simple(more='[columns.l]\nrole = "label"\nnullable = true\n')
    keys = {"k": [f"{i:03d}" for i in range(100)], "v": [float(i) for i in range(100)]}
    before, after = (
        pl.DataFrame(keys | {"l": ["a"] * most + [None] * (100 - most)}) for most in (80, 40)
    )
    verdict = Setting(of, after, before).evaluate()
    for check, value in (("label_churn", 0.4), ("prevalence_change", 2.0)):
        found = verdict.check(check)
        assert (found.value, found.n, found.coverage) == (value, 100, 1.0), check


def test_all_zero_before_and_after_is_no_change() -> None:
    """A column of zeros has no scale; while it stays so it has not moved, and when it moves nobody
    can say how far.
    """
    zeros = pl.DataFrame({"k": ["a", "b", "c"], "v": [0.0, 0.0, 0.0]})
    same = Setting(simple(), zeros, zeros).evaluate().check("p95_change")
    moved = Setting(simple(), poked(zeros, "v", 1.0), zeros).evaluate().check("p95_change")
    scaled = (
        Setting(simple("scale_floor = 100"), poked(zeros, "v", 1.0), zeros)
        .evaluate()
        .check("p95_change")
    )
    assert (same.status, same.value) == ("pass", 0)
    assert moved.status == "error"
    assert "scale_floor" in moved.message
    assert scaled.status == "pass"


def test_checks_over_the_same_metric_agree() -> None:
    """A p95 of r and the keys named beyond it come from one report: three keys beyond the limit,
    three named.
    """
    result = Setting(frame=off_by_ten(3)).evaluate().check("p95_change")
    close = {
        tuple(offender.key or ()) for offender in result.offenders if offender.column == "close"
    }
    assert close == {("AAPL", f"2026-11-{day}") for day in (23, 24, 25)}
    assert result.offending == len(result.offenders) == 3


def test_a_load_declares_no_inputs() -> None:
    """A set without a job is asked for data_through and run_id only, and not for code or seed."""
    content = pl.DataFrame({"k": ["a", "b"], "v": [1.0, 2.0]})
    bare = provenance(inputs=(), code=None, seed=None, job=None)
    verdict = evaluate(
        simple(),
        stored(content, simple(), provenance=bare),
        None,
        judged_at=JUDGED,
        contract_revision=1,
    )
    assert verdict.check("lineage").status == "pass"
    assert verdict.check("reproducible").reason == "not_in_contract"


def test_an_mlflow_run_is_not_asked_for() -> None:
    """The MLflow run is recorded after the verdict, so its absence is no fault."""
    candidate = stored(frame(1.001), contract())
    assert isinstance(candidate, Candidate)
    assert candidate.mlflow_run is None
    assert Setting().evaluate().outcome == "pass"
