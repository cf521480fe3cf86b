"""`estimates gate` prints a verdict in one form and writes it to files in others."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from estimates.store.store import Store
from estimates_jobs.cli.output.verdict_files import RENDERINGS
from tests import builders
from tests.builders import SET
from tests.jobs.cli.calls import Called, call

NOW = "2024-02-01T00:00:00Z"


@pytest.fixture
def store(local_store: Store) -> Store:
    """A store with one promoted version, and one that the gate refuses."""
    builders.define(local_store)
    builders.promoted(local_store, "one")
    builders.publish(local_store, "two", 900.0, day=1)
    return local_store


def gate(store: Store, *options: object) -> Called:
    """The verdict of the second version at a moment."""
    return call("gate", SET, 2, "--store", store.root, "--now", NOW, *options)


def test_one_judgement_gives_every_form(store: Store, tmp_path: Path) -> None:
    """What is written in a form is what is printed in it, and the version is judged once."""
    copies = [("--write", f"{form}={tmp_path / form}") for form in RENDERINGS]
    before = store.view().last_event
    done = gate(store, *(part for copy in copies for part in copy))
    assert done.code == 1
    assert store.refresh().last_event == before + 1
    for form in RENDERINGS:
        assert (tmp_path / form).read_bytes() == gate(store, "--format", form).out, form


def test_every_offender_is_a_row_of_a_parquet_file(store: Store, tmp_path: Path) -> None:
    """The file has all that the verdict counts, the keys in the contract's types."""
    done = gate(store, "--format", "json", "--write", f"offenders={tmp_path}/offenders.parquet")
    rows = pl.read_parquet(tmp_path / "offenders.parquet")
    assert rows.columns == [
        "check",
        "number",
        "status",
        "ticker",
        "target_date",
        "column",
        "detail",
    ]
    assert (rows.schema["ticker"], rows.schema["target_date"]) == (pl.String, pl.Date)
    (check,) = [check for check in done.json["checks"] if check["name"] == "hard_bounds"]
    bounds = rows.filter(check="hard_bounds")
    assert bounds.height == check["offending"] == 6
    assert set(bounds["status"]) == {"fail"}


@pytest.mark.parametrize(
    "wrong",
    [["xml=a"], ["junit"], ["junit="], ["csv=a.csv"], ["junit=a.xml", "markdown=a.xml"]],
    ids=str,
)
def test_a_file_without_a_form_is_wrong_usage(store: Store, wrong: list[str]) -> None:
    """Unknown forms, missing names, and two forms in one file are refused before anything is
    judged.
    """
    before = store.view().last_event
    called = gate(
        store, "--format", "json", *(part for text in wrong for part in ("--write", text))
    )
    assert (called.code, called.error["code"]) == (2, "usage")
    assert store.refresh().last_event == before


def test_a_file_that_cannot_be_written_is_an_error(store: Store, tmp_path: Path) -> None:
    """It is said which file, with the exit code of wrong input."""
    called = gate(store, "--format", "json", "--write", f"junit={tmp_path}/nowhere/a.xml")
    assert (called.code, called.error["code"]) == (2, "not_written")
    assert "nowhere/a.xml" in called.error["message"]


def test_other_forms_are_not_for_a_verdict(store: Store) -> None:
    """A form that the command does not have is wrong usage, which names the commands that have
    it.
    """
    called = gate(store, "--format", "csv")
    assert called.code == 2
    assert "this command does not print csv" in called.err


def test_a_form_of_verdicts_is_for_verdicts(store: Store) -> None:
    """JUnit is no form of a list of versions."""
    called = call("versions", SET, "--store", store.root, "--format", "junit")
    assert called.code == 2
    assert "this command does not print junit; it is for gate" in called.err


@pytest.mark.parametrize("option", [("--through", "2024-01-02"), ("--against", "1")])
def test_options_of_a_file_need_one(store: Store, option: tuple[str, str]) -> None:
    """A stored version knows its data_through, and is judged against what production points to."""
    called = gate(store, "--format", "json", *option)
    assert (called.code, called.error["code"]) == (2, "usage")
    assert f"{option[0]} belongs to --file" in called.error["message"]
