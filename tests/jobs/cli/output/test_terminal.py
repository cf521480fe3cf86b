"""Tables and pairs on a terminal: nothing is cut, and no digest is broken."""

from __future__ import annotations

import re

import pytest

from estimates_jobs.cli.output import terminal

DIGEST = "13:" + "b4dd787575fafc2f" * 4
INSTANT = "2026-11-29T18:21:51.029400Z"


Captured = pytest.CaptureFixture[str]


def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is captured is a terminal of 80 columns without colours."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    for name, value in (("COLUMNS", "80"), ("TERM", "xterm"), ("NO_COLOR", "1")):
        monkeypatch.setenv(name, value)


def lines(capsys: Captured) -> list[str]:
    """What was printed, no line wider than the terminal."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    printed = [line.rstrip() for line in plain.splitlines()]
    assert max(map(len, printed)) <= 80
    return printed


def test_a_digest_has_a_line_to_itself(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """A word that does not fit beside its name is on the next line, whole."""
    narrow(monkeypatch)
    terminal.pairs([("store", "2bcc"), ("head of the log", DIGEST), ("hold", "no")])
    assert lines(capsys) == [
        "  store            2bcc",
        "  head of the log",
        f"    {DIGEST}",
        "  hold             no",
    ]


def test_a_table_that_fits_nearly_is_folded_between_words(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Instants stay whole, so that they can be pasted."""
    narrow(monkeypatch)
    what = "version 12 recorded in MLflow by another run"
    terminal.table(["when", "what", "who", "why"], [[INSTANT, what, "anna", "a reason " * 5]])
    assert lines(capsys)[1].startswith(INSTANT)


def test_a_table_that_does_not_fit_is_a_block_a_row(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names and values below each other, without what is empty everywhere."""
    narrow(monkeypatch)
    row = {"version": 2, "published": INSTANT, "waived": None, "data through": INSTANT}
    terminal.records([row | {"run": "tuesday" * 4}, row | {"version": 1, "run": "monday"}])
    assert lines(capsys) == [
        "  version       2",
        f"  published     {INSTANT}",
        f"  data through  {INSTANT}",
        "  run           " + "tuesday" * 4,
        "",
        "  version       1",
        f"  published     {INSTANT}",
        f"  data through  {INSTANT}",
        "  run           monday",
    ]


def test_columns_without_room_are_named(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """A narrow terminal does without the optional columns, the first of them first."""
    narrow(monkeypatch)
    rows = [["a" * 30, "b" * 30, "c" * 30, "d"]]
    terminal.table(["one", "two", "three", "four"], rows, optional=["three", ("two", "four")])
    shown = lines(capsys)
    assert shown[0].split() == ["one", "two", "four"]
    assert shown[-1] == "no room here for: three"


def test_a_time_is_never_folded(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither is a command: its lines end in backslashes, between words."""
    narrow(monkeypatch)
    terminal.table(["when", "what", "why"], [["2026-11-30 01:20Z", "w " * 30, "y " * 40]])
    assert any("2026-11-30 01:20Z" in line for line in lines(capsys))
    terminal.command(
        "$ estimates promote " + "a-set " * 10 + '--reason "a long reason, with blanks"'
    )
    shown = lines(capsys)
    assert shown[0].endswith(" \\")
    assert shown[-1].endswith('--reason "a long reason, with blanks"')


def test_an_indented_line_that_fits_is_not_folded(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line of just the terminal's width stays one; a longer one goes on below, indented more."""
    narrow(monkeypatch)
    fitting = "  " + "word " * 15 + "abc"
    assert len(fitting) == 80
    terminal.line(fitting)
    terminal.line(f"{fitting}d")
    assert lines(capsys) == [fitting, "  " + "word " * 14 + "word", "      abcd"]
