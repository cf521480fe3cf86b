"""Versions of two sets side by side: by name, with equal keys, on the columns of both."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from estimates.contract.contract_file import parse_contract
from estimates.errors import ConflictError, InvalidError, NotFoundError
from estimates.store.store import Store
from tests.builders import make_store, provenance
from tests.jobs.cli.calls import call

KEY = '[key.customer]\ntype = "string"\n'
SCORE = '[columns.score]\nunit = "USD"\n'
NOTE = '[columns.note]\nrole = "attribute"\ntype = "string"\n[stability]\ngroups = ["note"]\n'
OLD, NEW = ("a", "b", "c"), ("b", "c", "d")


def filled(
    store: Store, name: str, promises: str, keys: tuple[str, ...], by: float, **more: object
) -> None:
    """A set of one version whose scores are those of the key, times `by`."""
    source = f'name = "{name}"\n{promises}'
    store.define(parse_contract(source), source)
    rows = {"customer": list(keys), "score": [by * (ord(key) - 90) for key in keys]} | more
    store.publish(name, pl.DataFrame(rows), provenance(f"{name}-1"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two sets of customers, the first with a note; and one with another key."""
    store = make_store(tmp_path / "store")
    filled(store, "old", KEY + SCORE + NOTE, OLD, 1.0, note=["x", "y", "y"])
    filled(store, "new", KEY + SCORE, NEW, 1.1)
    return store


def test_two_sets_are_compared_on_the_columns_of_both(store: Store) -> None:
    """Keys and values as within a set; what only one set has is named."""
    report = store["old"].diff(1, 1, other="new")
    assert (report.from_, report.to) == ("old version 1", "new version 1")
    assert (report.keys.common, report.keys.added, report.keys.removed) == (2, 1, 1)
    assert report.columns["score"].scalar is not None
    assert report.columns["score"].scalar.rmar == pytest.approx(0.1 / 1.1)
    assert report.schema is not None
    assert (report.schema.removed, report.schema.added) == (["note"], [])
    assert "1 column only in old version 1" in report.headline
    assert store["old"].changes(1, 1, other="new")["customer"].to_list() == ["c", "b", "a", "d"]


def test_the_keys_of_two_sets_have_to_agree(store: Store) -> None:
    """In name and type."""
    filled(store, "numbered", '[key.customer]\ntype = "integer"\n' + SCORE, (), 1.0)
    with pytest.raises(InvalidError, match=r"customer \(string\).*customer \(integer\)") as caught:
        store["old"].diff(1, 1, other="numbered")
    assert caught.value.code == "other_keys"


@pytest.mark.parametrize(
    ("promises", "reason"),
    [
        ('[columns.score]\nunit = "EUR"\n', r"score \(unit: USD and EUR\)"),
        ('[columns.score]\nunit = "USD"\nrole = "score"\n', r"score \(role: point and score\)"),
        ('[columns.value]\nunit = "USD"\n', "no estimate column of the same name"),
    ],
)
def test_what_two_sets_promise_has_to_agree(store: Store, promises: str, reason: str) -> None:
    """Of each column that both have; and there has to be one."""
    name = "score" if "score" in promises else "value"
    source = f'name = "other"\n{KEY}{promises}'
    store.define(parse_contract(source), source)
    store.publish("other", pl.DataFrame({"customer": ["a"], name: [1.0]}), provenance("other-1"))
    with pytest.raises(ConflictError, match=reason) as caught:
        store["old"].diff(1, 1, other="other")
    assert caught.value.code == "other_shape"


def test_another_nominal_level_is_an_error_that_says_so(store: Store) -> None:
    """An 80 % interval is not set beside a 90 % one, whatever the columns are called."""
    for level in (0.8, 0.9):
        ends = "".join(
            f'[columns.{end}]\nrole = "{end}"\nlevel = {level}\n' for end in ("lower", "upper")
        )
        edges = {"lower": [0.0] * 3, "upper": [50.0] * 3}
        filled(store, f"level-{level}", KEY + SCORE + ends, OLD, 1.0, **edges)
    with pytest.raises(ConflictError, match=r"lower \(level: 0.8 and 0.9\)"):
        store["level-0.8"].diff(1, 1, other="level-0.9")


def test_an_unknown_set_is_not_found(store: Store) -> None:
    """As everywhere."""
    with pytest.raises(NotFoundError, match="there is no set 'nobody'"):
        store["old"].diff(1, 1, other="nobody")


def test_the_command_names_the_other_set(store: Store) -> None:
    """`diff SET FROM TO --to-set OTHER`, as a page, as JSON, and key by key."""
    command = ("diff", "old", "1", "1", "--to-set", "new", "--store", store.root)
    page = call(*command)
    assert page.code == 0
    assert page.text.startswith("old version 1 → new version 1\n")
    assert call(*command, "--format", "json").json["keys"]["common"] == 2
    rows = call(*command, "--changes", "--format", "csv").text.splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == ["c", "b", "a", "d"]
    assert (
        call(
            "diff", "old", "1", "1", "--to-set", "new", "--rtol", "0.1", "--store", store.root
        ).code
        == 2
    )


def test_the_same_set_is_no_other_set(store: Store) -> None:
    """The command says that two versions of a set need no --to-set."""
    called = call(
        "diff", "old", "1", "1", "--to-set", "old", "--store", store.root, "--format", "json"
    )
    assert (called.code, called.error["code"]) == (2, "usage")
    assert "TO is in SET already" in called.error["message"]
