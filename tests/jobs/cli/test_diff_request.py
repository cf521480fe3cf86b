"""Which words and options of `estimates diff` go together."""

from __future__ import annotations

from typing import Any

import click
import pytest

from estimates_jobs.cli.diff_request import DiffRequest, check_options, check_why, is_ref
from estimates_jobs.cli.interface.command import Options


def request(*words: str, **given_options: Any) -> DiffRequest:
    """These words, and options that were given."""
    fields: dict[str, Any] = dict.fromkeys(DiffRequest.__struct_fields__)
    fields |= {"words": words, "changes": False, "why": False, "fail_on": ()}
    return DiffRequest(**(fields | given_options))


def refusal(check: Any, asked_for: DiffRequest, output: str = "text") -> str | None:
    """How it is refused; None where it is not."""
    options = Options()
    options.format = output  # pyrefly: ignore
    try:
        check(options, asked_for)
    except click.UsageError as error:
        return error.message
    return None


@pytest.mark.parametrize(
    ("word", "is_one"),
    [
        ("3", True),
        ("-1", True),
        ("latest", True),
        ("production", True),
        ("a-b_2", True),
        ("Old", False),
        ("old.csv", False),
        ("./old", False),
        ("-", False),
        ("", False),
    ],
)
def test_words_that_name_a_version(word: str, is_one: bool) -> None:
    """A file's name has a dot, a slash or a capital letter."""
    assert is_ref(word) is is_one


@pytest.mark.parametrize(
    "asked_for",
    [
        request("s", "1", "2"),
        request("s", "1", "2", "key", changes=True, by="v.r", limit=5),
        request("old.csv", "new.csv", key=["id"], rtol=0.1, groups=["shop"]),
        request("old.csv", "new.csv", contract="c.toml", timezone="UTC"),
        request("s", against="https://host", changes=True),
        request("s", "1", "2", to_set="t", pairing="same_key"),
        request("s", "1", "2", changes=True, output="all.parquet"),
    ],
)
def test_what_goes_together(asked_for: DiffRequest) -> None:
    """Versions, files, another set, another service, all changes into a file."""
    assert refusal(check_options, asked_for) is None


@pytest.mark.parametrize(
    ("asked_for", "words"),
    [
        (request("s"), "two files: OLD NEW"),
        (request("s", "1", "2", by="v.r"), "need --changes"),
        (request("s", "1", "2", changes=True, fail_on=("v.r>1",)), "--fail-on is about the report"),
        (request("s", "1", "2", changes=True, output="x.csv", limit=5), "neither --limit nor"),
        (request("s", "1", "2", changes=True, output="x.xlsx"), "ends in .parquet"),
        (request("s", "1", "2", rtol=0.1), "belong to --key"),
        (request("a.csv", "b.csv", key=["id"], contract="c.toml"), "give it alone"),
        (
            request("a.csv", "b.csv", key=["id"], pairing="same_key"),
            "--pairing is for two versions",
        ),
        (request("s", "1", to_set="t"), "goes with SET FROM TO"),
        (request("s", "1", "2", to_set="s"), "leave --to-set out"),
        (request("s", against="x", key=["id"]), "goes with SET, or SET TO"),
    ],
)
def test_what_does_not(asked_for: DiffRequest, words: str) -> None:
    """With the form that would be right."""
    assert words in (refusal(check_options, asked_for) or "")


def test_changes_are_no_page() -> None:
    """And a spreadsheet is only of changes."""
    assert "not as a page" in (
        refusal(check_options, request("s", "1", "2", changes=True), "html") or ""
    )
    assert "need --changes" in (refusal(check_options, request("s", "1", "2"), "csv") or "")


@pytest.mark.parametrize(
    ("asked_for", "words"),
    [
        (request("s", "1", "2"), None),
        (request("s", "1"), "--why stands alone"),
        (request("s", "1", "2", changes=True), "--why stands alone"),
        (request("s", "1", "2", pairing="same_key"), "--why stands alone"),
        (request("s", "1", "new.csv"), "new.csv names a file"),
    ],
)
def test_why_stands_alone(asked_for: DiffRequest, words: str | None) -> None:
    """After two versions, whose jobs can be run again."""
    message = refusal(check_why, asked_for)
    assert message is None if words is None else words in (message or "")


def test_how_many_changes() -> None:
    """A page, unless it is said."""
    assert request("s").rows == 1000
    assert request("s", limit=0).rows == 0
    assert request("s").smallest_change == 0.0
