"""T4: the revision triangle, and revision statistics against statsmodels and a slow reference."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import msgspec
import numpy as np
import polars as pl
import pytest
from litestar.testing import TestClient

from estimates.catalog.records import Provenance, Version
from estimates.client import Client
from estimates.compare.vintages import Vintages
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates.reading.tabular import csv
from estimates.render.digits import rounded
from estimates.stability.through_time.ols_hac import lags_of, line, mean_error
from estimates.stability.through_time.revision_report import (
    NewsOrNoise,
    Revisions,
    RevisionStatistics,
)
from estimates.store.store import Store
from estimates_api.app import create_app
from tests.api.served import serving
from tests.builders import SET, make_store, provenance
from tests.jobs.cli.calls import call

SOURCE = """
name = "closes"
[key.ticker]
type = "string"
[key.target_date]
type = "date"
target = true
[columns.value]
unit = "USD"
scale_floor = 0.01
[columns.kind]
role = "label"
"""
FIRST = date(2024, 1, 1)
DAYS, STEPS = 40, 5
ACTUALS: dict[tuple[str, date], float] = {}


def said(day: int, ticker: str, target: int) -> float:
    """What the version of a day says of a ticker and a day ahead."""
    noise = Random(f"{day} {ticker} {target}").gauss(0, 1 + 0.3 * (target - day))
    return (100.0 if ticker == "A" else 20.0) + target / 4 + noise


@pytest.fixture(scope="module")
def daily(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Forty versions, each of which looks five days ahead, for two tickers; the eighth is refused
    by nobody's hand.
    """
    store = make_store(tmp_path_factory.mktemp("triangle") / "store")
    store.define(parse_contract(SOURCE), SOURCE)
    for day in range(DAYS):
        targets = range(day + 1, day + 1 + STEPS)
        rows = [
            (t, FIRST + timedelta(target), said(day, t, target), "x")
            for t in "AB"
            for target in targets
        ]
        frame = pl.DataFrame(rows, schema=["ticker", "target_date", "value", "kind"], orient="row")
        through = datetime(2024, 1, 1, 21, tzinfo=UTC) + timedelta(day)
        store.publish(SET, frame, Provenance(through, f"day {day}"))
    return store


def test_a_service_tells_the_same(daily: Store) -> None:
    """The command's JSON is the body; the client's frame and statistics are those of the store;
    forms, tags, errors.
    """
    with TestClient(create_app(daily)) as client:
        for key, path in ((), ""), (("A",), "/A"), (("B", "2024-01-09"), "/B/2024-01-09"):
            for across in ("horizon", "version"):
                answer = client.get(f"/v1/sets/{SET}/triangle{path}", params={"across": across})
                options = ("--across", across, "--store", daily.root, "--format", "json")
                assert answer.content == call("triangle", SET, *key, *options).out
        again = client.get(
            f"/v1/sets/{SET}/triangle", headers={"if-none-match": answer.headers["etag"]}
        )
        assert again.status_code == 200
        url, triangle = f"/v1/sets/{SET}/triangle/A", daily[SET].triangle("A")
        etag = client.get(url).headers["etag"]
        assert client.get(url, headers={"if-none-match": etag}).status_code == 304
        arrow = client.get(url, headers={"accept": "application/vnd.apache.arrow.stream"})
        assert pl.read_ipc_stream(arrow.content).equals(triangle)
        assert client.get(url, headers={"accept": "text/csv"}).content == csv(triangle)
        assert (
            len(client.get(url, headers={"accept": "application/x-ndjson"}).text.splitlines())
            == triangle.height
        )
        for wrong, code in (
            ("?column=kind", "not_a_number"),
            ("/A/x", "bad_key_part"),
            ("?across=day", "bad_parameter"),
        ):
            assert client.get(f"/v1/sets/{SET}/triangle{wrong}").json()["code"] == code
    with serving(Path(daily.root)) as url, Client(url) as remote:
        assert remote[SET].triangle("A", column="value").equals(triangle)
        served, own = remote[SET].revisions("A"), daily[SET].revisions("A")
        assert rounded(msgspec.to_builtins(served)) == rounded(msgspec.to_builtins(own))
        assert (
            call("triangle", SET, "A", "--store", url).out
            == call("triangle", SET, "A", "--store", daily.root).out
        )
        assert call("triangle", SET, "--actuals", "x.csv", "--store", url).code == 2


def test_a_triangle_over_http_is_bounded(daily: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many keys are an error that says what to name; nothing is read for it."""
    monkeypatch.setattr("estimates.compare.vintages.MAX_KEYS", 9)
    with TestClient(create_app(daily), raise_server_exceptions=False) as client:
        for path in ("", "/A"):
            answer = client.get(f"/v1/sets/{SET}/triangle{path}")
            assert (answer.status_code, answer.json()["code"]) == (400, "too_many_keys")
        assert client.get(f"/v1/sets/{SET}/triangle/A/2024-01-09").status_code == 200


def test_only_what_is_needed_is_read(daily: Store) -> None:
    """Of each version the key and one column; of a version that records its targets only the keys
    asked for.
    """
    reads: list[tuple[list[str], bool, int]] = []

    def read(version: Version, columns: Sequence[str], where: pl.Expr | None) -> pl.DataFrame:
        frame = daily.columns(version, columns, where)
        reads.append((list(columns), where is not None, frame.height))
        return frame

    rows = Vintages(daily.view(), read, SET, ("A",)).rows
    assert {(tuple(columns), filtered) for columns, filtered, _ in reads} == {
        (("ticker", "target_date", "value"), False)
    }
    source = 'name = "plain"\n[key.id]\ntype = "string"\n[columns.value]\n[columns.more]\n'
    daily.define(parse_contract(source), source)
    daily.publish(
        "plain",
        pl.DataFrame({"id": ["a", "b"], "value": [1.0, 2.0], "more": [1.0, 2.0]}),
        provenance("one"),
    )
    reads.clear()
    assert Vintages(daily.view(), read, "plain", ("a",)).rows.height == 1
    assert reads == [(["id", "value"], True, 1)]
    assert rows.height == STEPS * DAYS


@pytest.fixture(scope="module")
def actuals() -> pl.DataFrame:
    """What became of every key."""
    days = range(1, DAYS + STEPS)
    rows = [(t, FIRST + timedelta(day), said(day, t, day)) for t in "AB" for day in days]
    return pl.DataFrame(rows, schema=["ticker", "target_date", "value"], orient="row")


def test_a_row_a_target_a_column_a_horizon(daily: Store) -> None:
    """Each cell is what the version so many days before the target said."""
    triangle = daily[SET].triangle("A")
    assert triangle.columns == ["ticker", "target_date", "h5", "h4", "h3", "h2", "h1"]
    assert triangle.height == DAYS + STEPS - 1
    for _, target, *cells in triangle.iter_rows():
        day = (target - FIRST).days
        expected = [
            said(day - h, "A", day) if 0 <= day - h < DAYS else None for h in (5, 4, 3, 2, 1)
        ]
        assert cells == expected


def test_versions_as_columns(daily: Store) -> None:
    """The same numbers with a column a version, for all keys."""
    triangle = daily[SET].triangle(across="version")
    assert triangle.columns[2:] == [f"v{n}" for n in range(1, DAYS + 1)]
    row = triangle.row(
        by_predicate=(pl.col("ticker") == "B") & (pl.col("target_date") == date(2024, 1, 11)),
        named=True,
    )
    assert {name: row[name] for name in row if name[0] == "v" and row[name] is not None} == {
        f"v{day + 1}": said(day, "B", 10) for day in range(5, 10)
    }


def test_refused_versions_and_other_columns_are_left_out(filled_store: Store) -> None:
    """Of six versions two are refused; a label is no number; keys that do not exist give no
    rows.
    """
    closes = filled_store[SET]
    assert closes.revisions().versions == [1, 3, 4, 6]
    assert closes.triangle("nobody").height == 0
    assert closes.revisions("nobody").revisions == []
    for column, code in (("note", "not_a_number"), ("nope", "unknown_field")):
        with pytest.raises(InvalidError) as raised:
            closes.triangle(column=column)
        assert raised.value.code == code


def test_without_a_dated_target_there_are_no_horizons(filled_store: Store) -> None:
    """A column a version then; asking for horizons is an error."""
    assert filled_store["odd"].triangle().columns == ["name", "step", "v1"]
    with pytest.raises(InvalidError) as raised:
        filled_store["odd"].triangle(across="horizon")
    assert raised.value.code == "no_horizon"


@pytest.fixture(scope="module")
def filled_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The store of the tests of the service."""
    from tests.api.served import fill

    store = make_store(tmp_path_factory.mktemp("filled") / "store")
    fill(store)
    return store


def test_revisions_by_horizon(daily: Store) -> None:
    """Mean, mean absolute, RMS, relative, noise to signal and autocorrelation are what their
    formulas say.
    """
    by_horizon = {revision.horizon: revision for revision in daily[SET].revisions().revisions}
    assert list(by_horizon) == [None, 1, 2, 3, 4]
    for horizon in (1, 4):
        revision = by_horizon[horizon]
        days = [day for day in range(1, DAYS + STEPS) if horizon < day < DAYS + horizon]
        pairs = [
            (said(d - horizon - 1, t, d), said(d - horizon, t, d), t) for t in "AB" for d in days
        ]
        r = np.array([later - earlier for earlier, later, _ in pairs])
        later = np.array([later for _, later, _ in pairs])
        around = np.concatenate([x - x.mean() for x in np.split(later, 2)])
        assert (revision.n, revision.dates) == (len(pairs), len(days))
        assert revision.mean == pytest.approx(r.mean())
        assert revision.mean_absolute == pytest.approx(np.abs(r).mean())
        assert revision.root_mean_square == pytest.approx(np.sqrt((r**2).mean()))
        assert revision.relative_mean_absolute == pytest.approx(
            np.abs(r).sum() / np.abs(later).sum()
        )
        assert revision.noise_to_signal == pytest.approx(r.std() / around.std())
    days = list(range(3, DAYS + 1))
    both = [
        (said(d - 1, t, d) - said(d - 2, t, d), said(d - 2, t, d) - said(d - 3, t, d))
        for t in "AB"
        for d in days
    ]
    assert by_horizon[1].autocorrelation == pytest.approx(np.corrcoef(np.array(both).T)[0, 1])


def test_news_and_noise_agree_with_statsmodels(daily: Store, actuals: pl.DataFrame) -> None:
    """Mincer and Zarnowitz's line and its errors over dates, of both tickers together and of
    one.
    """
    import statsmodels.api as sm  # for two tests, while every process collects all of them

    for key in ((), ("A",)):
        for entry in daily[SET].revisions(*key, actuals=actuals).news_or_noise:
            assert entry.horizon is not None
            days = [day for day in range(1, DAYS + STEPS) if 0 <= day - entry.horizon < DAYS]
            rows = [
                (said(d - entry.horizon, t, d), said(d, t, d), d)
                for t in (key or "AB")
                for d in days
            ]
            p, y, time = np.array(sorted(rows, key=lambda row: row[2])).T
            model = sm.OLS(y, sm.add_constant(p))
            options = {
                "time": time.astype(int) - int(time.min()),
                "maxlags": entry.lags,
                "use_correction": False,
            }
            fit = model.fit(cov_type="hac-groupsum", cov_kwds=options)
            assert (entry.n, entry.dates, entry.lags) == (
                len(rows),
                len(days),
                lags_of(len(days), entry.horizon - 1),
            )
            assert (entry.alpha, entry.beta) == pytest.approx(tuple(fit.params), rel=1e-8)
            assert (entry.alpha_se, entry.beta_se) == pytest.approx(tuple(fit.bse), rel=1e-8)
            assert entry.corr_revision_estimate == pytest.approx(np.corrcoef(y - p, p)[0, 1])
            assert entry.corr_revision_actual == pytest.approx(np.corrcoef(y - p, y)[0, 1])


def test_an_error_over_dates_agrees_with_statsmodels() -> None:
    """Newey and West's standard error of a mean and of a line, one row a date."""
    import statsmodels.api as sm

    drawn = np.random.default_rng(7)
    y, x, time = drawn.normal(size=60).cumsum(), drawn.normal(5, 1, size=60), np.arange(60)
    mean = sm.OLS(y, np.ones(60)).fit(
        cov_type="HAC", cov_kwds={"maxlags": 3, "use_correction": False}
    )
    assert mean_error(y, time, 3) == pytest.approx(mean.bse[0], rel=1e-10)
    fit = sm.OLS(y, sm.add_constant(x)).fit(
        cov_type="HAC", cov_kwds={"maxlags": 4, "use_correction": False}
    )
    assert line(x, y, time, 4) == pytest.approx(
        (fit.params[0], fit.bse[0], fit.params[1], fit.bse[1]), rel=1e-9
    )
    assert line(np.full(60, 3.0), y, time, 4) is None


def test_few_dates_are_null_with_a_reason(filled_store: Store) -> None:
    """Two target dates say nothing over dates."""
    (first, *_) = filled_store[SET].revisions().revisions
    assert (first.mean_se, first.reasons["mean_se"]) == (None, "few_dates")


def test_the_command_prints_triangle_and_statistics(
    daily: Store, actuals: pl.DataFrame, tmp_path: Path
) -> None:
    """A page for people, the triangle as CSV, both as JSON."""
    actuals.write_csv(tmp_path / "closes.csv")
    page = call(
        "triangle", SET, "A", "--actuals", tmp_path / "closes.csv", "--store", daily.root
    ).text
    for text in ("44 keys in 40 versions", "2024-02-14", "noise/signal", "corr(R,P)", "turns"):
        assert text in page, text
    assert "2024-02-14" not in call("triangle", SET, "--store", daily.root).text
    frame = pl.read_csv(
        call("triangle", SET, "A", "--format", "csv", "--store", daily.root).text.encode()
    )
    assert frame.columns[-1] == "h1"
    body = call("triangle", SET, "A", "--format", "json", "--store", daily.root).json
    assert body["columns"] == frame.columns
    assert body["revisions"][0]["horizon"] is None


@pytest.mark.parametrize("kind", [Revisions, RevisionStatistics, NewsOrNoise])
def test_every_field_is_documented(kind: type[msgspec.Struct]) -> None:
    """docs/stability.md names every field."""
    document = (Path(__file__).parents[2] / "docs" / "stability.md").read_text(encoding="utf-8")
    text = document.split("\n## T4: ")[1].split("\n## ")[0]
    assert {field.encode_name for field in msgspec.structs.fields(kind)} <= set(
        re.findall(r"`(\w+)`", text)
    )


def test_what_the_data_reach_is_no_forecast(tmp_path: Path) -> None:
    """Weekly versions that tell of the last week too: the triangle, the statistics and the chain of
    a key leave it out, and a version that could not have a key is not counted.
    """
    source = 'name = "closes"\n[key.day]\ntype = "date"\ntarget = true\n[columns.x]\n'
    store = make_store(tmp_path / "store")
    store.define(parse_contract(source), source)
    for through, days in ((7, (3, 10, 17)), (14, (10, 17, 24))):
        frame = pl.DataFrame({"day": [date(2026, 1, day) for day in days], "x": [1.0, 2.0, 3.0]})
        data_through = datetime(2026, 1, through, tzinfo=UTC)
        store.publish(SET, frame, Provenance(data_through, f"through {through}"))
    assert store[SET].triangle().to_dict(as_series=False) == {
        "day": [date(2026, 1, 10), date(2026, 1, 17), date(2026, 1, 24)],
        "h2": [None, 3.0, 3.0],
        "h1": [2.0, 2.0, None],
    }
    assert store[SET].triangle(across="version").height == 3
    revisions = store[SET].revisions()
    assert [(row.horizon, row.n) for row in revisions.revisions] == [(None, 1), (1, 1)]
    assert revisions.keys == 3
    chains = {
        day: store[SET].history(f"2026-01-{day:02}", chain=True).body["chain"]["x"]
        for day in (3, 10, 17, 24)
    }
    assert {day: (chain["n"], chain["versions"]) for day, chain in chains.items()} == {
        3: (0, 0),
        10: (1, 1),
        17: (2, 2),
        24: (1, 1),
    }
