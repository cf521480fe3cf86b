"""Tables of tools, from file to version: drafted, compared, published with no word but the key."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from estimates import instants
from estimates.contract.contract_file import parse_contract
from tests.jobs.cli.calls import call

TODAY = instants.now().date()
NEXT = [TODAY + timedelta(days=i + 1) for i in range(14)]


def lines(*rows: object) -> str:
    """Rows as CSV."""
    return "".join(f"{row}\n" for row in rows)


def statsforecast(moved: float) -> str:
    """Two models, one with an interval; two series."""
    header = "unique_id,ds,AutoARIMA,AutoARIMA-lo-90,AutoARIMA-hi-90,SeasonalNaive"
    return lines(
        header,
        *(
            f"{series},{day},{x},{x - 5},{x + 5 + i / 7},{x + 1.5}"
            for series, level in (("H1", 40.0), ("H2", 90.0))
            for i, day in enumerate(NEXT)
            for x in [level + moved + 1.37 * i]
        ),
    )


def prophet(moved: float) -> str:
    """A forecast with its components."""
    header = "ds,trend,yhat_lower,yhat_upper,trend_lower,trend_upper,weekly,yhat"
    rows = ((day, 100 + moved + 1.1 * i) for i, day in enumerate(NEXT))
    return lines(header, *(f"{d},{x},{x - 6},{x + 5.5},{x},{x},0.25,{x + 0.25}" for d, x in rows))


def scikit_learn(moved: float) -> str:
    """Probabilities of three classes, rounded to four decimals."""
    rows = []
    for i in range(30):
        p, q = round(0.2 + i / 100 + moved / 100, 4), round(0.3 - i / 200, 4)
        rows.append(f"{1000 + i},{p},{q},{round(1 - p - q - 0.0001, 4)}")
    return lines("customer_id,0,1,2", *rows)


def bigquery(moved: float) -> str:
    """What ML.FORECAST answers."""
    header = (
        "store,forecast_timestamp,forecast_value,standard_error,confidence_level,"
        "prediction_interval_lower_bound,prediction_interval_upper_bound"
    )
    return lines(
        header,
        *(
            f"{store},{day} 00:00:00 UTC,{x},2.5,0.9,{x - 4},{x + 4.5}"
            for store, level in (("b", 20.0), ("h", 70.0))
            for i, day in enumerate(NEXT)
            for x in [level + moved + 0.9 * i]
        ),
    )


def hubverse(moved: float) -> str:
    """Quantiles and a median, a row each."""
    header = "reference_date,location,horizon,target_end_date,output_type,output_type_id,value"
    rows = []
    for place, level in (("DE", 300.0), ("FR", 500.0)):
        for horizon in range(1, 4):
            task = f"{TODAY},{place},{horizon},{TODAY + timedelta(days=7 * horizon)}"
            x = level + moved + 10.5 * horizon
            rows += [f"{task},quantile,{q},{x + 100 * (q - 0.5)}" for q in (0.25, 0.5, 0.75)]
            rows.append(f"{task},median,,{x}")
    return lines(header, *rows)


TOOLS = {
    "statsforecast": (statsforecast, "unique_id,ds", {"AutoARIMA", "SeasonalNaive"}, "ds"),
    "prophet": (prophet, "ds", {"yhat"}, "ds"),
    "scikit-learn": (scikit_learn, "customer_id", set[str](), None),
    "bigquery": (bigquery, "store,forecast_timestamp", {"forecast_value"}, "forecast_timestamp"),
    "hubverse": (
        hubverse,
        "reference_date,location,horizon,target_end_date",
        {"median"},
        "target_end_date",
    ),
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store for the sets of all tools."""
    store = tmp_path_factory.mktemp("store")
    assert call("init", "--store", store).code == 0
    return store


@pytest.mark.slow
@pytest.mark.parametrize("tool", TOOLS)
def test_from_a_file_to_a_version(
    tool: str, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Draft, diff and publish take the file as it is; two versions pass the gate one after the
    other.
    """
    monkeypatch.chdir(tmp_path)
    write, key, points, target = TOOLS[tool]
    Path("old.csv").write_text(write(0.0))
    Path("new.csv").write_text(write(0.4))
    drafted = call("draft", "old.csv", "--key", key, "--name", tool)
    assert drafted.code == 0, drafted.err
    contract = parse_contract(drafted.text)
    assert set(contract.points) == points
    assert contract.target == target
    compared = call("diff", "old.csv", "new.csv", "--key", key)
    assert compared.code == 0, compared.err
    for point in points:
        assert f"{point} (point" in compared.err
    Path("contract.toml").write_text(drafted.text)
    assert call("define", "contract.toml", "--store", root).code == 0
    for file in ("old.csv", "new.csv"):
        published = call("publish", tool, file, "--store", root)
        assert published.code == 0, published.text + published.err
