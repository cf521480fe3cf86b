"""Why an estimate is what it is: one answer, on the command line one page."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from estimates.errors import NotFoundError
from estimates.store.store import Store
from tests.api.served import fill
from tests.builders import SET, TARGETS, TICKERS, make_store
from tests.jobs.cli.calls import call

KEY = ("AAPL", "2024-06-03")


@pytest.fixture(scope="module")
def held_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Superseded, refused, rolled back, production, refused for removed keys, unjudged."""
    store = make_store(tmp_path_factory.mktemp("explained") / "store")
    fill(store)
    return store


def explained(store: Store, *key: str, **named: Any) -> dict[str, Any]:
    """The body of an explanation."""
    return store[SET].explain(*key, **named).body


def test_it_tells_value_run_inputs_and_promotion(held_store: Store) -> None:
    """The row that `get` gives, where it came from, and who promoted it."""
    body = explained(held_store, *KEY)
    assert body["estimate"] == held_store[SET].get(*KEY).body["estimate"]
    assert (body["version"], body["state"], body["run"]["run_id"]) == (4, "production", "four")
    assert [entry["name"] for entry in body["inputs"]] == ["prices"]
    assert [
        (entry["kind"], entry["from_version"], entry["version"]) for entry in body["events"]
    ] == [("promoted", 1, 4)]
    assert body["production"][-1]["to"] is None


def test_it_tells_what_came_before_and_nothing_that_came_later(held_store: Store) -> None:
    """Earlier versions newest first, refused ones with their state; of the chain only what was
    there by then.
    """
    body = explained(held_store, *KEY)
    assert [(entry["version"], entry["state"]) for entry in body["previous"]] == [
        (3, "rolled_back"), (2, "refused"), (1, "superseded"),
    ]  # fmt: skip
    assert [step["version"] for step in body["chain"]["value"]["steps"]] == [1, 3, 4]
    assert explained(held_store, *KEY, ref=1)["previous"] == []


def test_a_refused_version_says_which_checks_and_what_of_this_key(held_store: Store) -> None:
    """What the gate holds against the version is there, and against the key apart; passing checks
    are only counted.
    """
    verdict = explained(held_store, *KEY, ref=2)["verdict"]
    assert (verdict["outcome"], verdict["blocks"], verdict["baseline"]) == ("fail", True, 1)
    assert {entry["status"] for entry in verdict["findings"]} <= {"warn", "fail", "error"}
    bounds = next(entry for entry in verdict["findings"] if entry["about_key"])
    assert "900" in bounds["about_key"][0]
    lines = [line for entry in verdict["findings"] for line in entry["about_key"]]
    assert {line.partition(" ")[0] for line in lines} == {"value", "value:"}
    assert verdict["counts"]["pass"] > 0


def test_what_is_not_known_is_null_with_a_reason(held_store: Store) -> None:
    """A version that nobody judged or scored says so."""
    unjudged, first = explained(held_store, *KEY, ref=6), explained(held_store, *KEY, ref=1)
    assert (unjudged["verdict"], unjudged["reasons"]["verdict"]) == (None, "no_verdict")
    assert (first["accuracy"], first["reasons"]) == (None, {"accuracy": "not_scored"})


def test_a_key_without_an_estimate_is_the_error_of_the_lookup(held_store: Store) -> None:
    """Removed, and never there."""
    with pytest.raises(NotFoundError) as removed:
        explained(held_store, *KEY, ref=5)
    assert removed.value.code == "removed"
    with pytest.raises(NotFoundError) as never:
        explained(held_store, "nobody", KEY[1])
    assert never.value.code == "outside_domain"


def test_the_page_says_it_all(held_store: Store) -> None:
    """Value, earlier values, run, gate, promotion and what to ask next, each under its heading."""
    page = call("explain", SET, *KEY, "--store", held_store.root).text
    assert page.splitlines()[0] == f"{SET} AAPL/2024-06-03: value 102.03 USD"
    for text in (
        "+0.99 %",
        "run       four",
        "outcome  pass against version 1",
        "promoted: production 1 → 4",
        f"estimates history {SET} AAPL 2024-06-03",
    ):
        assert text in page, text
    refused = call("explain", SET, *KEY, "--ref", "2", "--store", held_store.root).text
    assert "it was never in production" in refused
    assert "of this key:" in refused
    assert (
        "no actual values were scored yet"
        in call("explain", SET, *KEY, "--ref", "1", "--store", held_store.root).text
    )
    assert call(
        "explain", SET, *KEY, "--store", held_store.root, "--format", "json"
    ).json == explained(held_store, *KEY)


def test_accuracy_so_far_is_that_of_the_versions_up_to_it(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Scores of later versions say nothing about an earlier one; each version counts by its
    keys.
    """
    store = make_store(tmp_path_factory.mktemp("scored") / "store")
    fill(store)
    rows = [(ticker, target, 100.0) for ticker in TICKERS for target in TARGETS]
    actuals = pl.DataFrame(rows, schema=["ticker", "target_date", "value"], orient="row")
    store[SET].score(actuals, versions=[1, 4])
    first, fourth = (explained(store, *KEY, ref=ref)["accuracy"] for ref in (1, 4))
    assert (first["versions"], first["last"], fourth["versions"], fourth["last"]) == (1, 1, 2, 4)
    assert first["columns"]["value"]["all"]["mae"] == pytest.approx(0.025)
    assert fourth["columns"]["value"]["all"]["mae"] == pytest.approx((0.025 + 2.025) / 2)
    assert "mean abs. error" in call("explain", SET, *KEY, "--store", store.root).text


def test_a_key_that_this_version_lacks_is_found_in_another(held_store: Store) -> None:
    """The error of the command names the newest version that has the key; of a key that none has it
    says nothing.
    """
    lacking = call(
        "explain", SET, *KEY, "--ref", "5", "--store", held_store.root, "--format", "json"
    )
    assert (lacking.code, lacking.error["code"]) == (2, "removed")
    assert lacking.error["message"].endswith("; the newest version that has it is 6: --ref 6")
    assert "--ref" not in call("explain", SET, "nobody", KEY[1], "--store", held_store.root).err
