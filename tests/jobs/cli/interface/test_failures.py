"""How errors are shown."""

from __future__ import annotations

from estimates.errors import InvalidError
from estimates_jobs.cli.interface.failures import failure_of


def test_no_orders_for_a_terminal() -> None:
    """What an error repeats of a key or a file is shown, and moves no cursor; its lines stay."""
    text = failure_of(InvalidError("bad_key", "a\x1b]0;title\x07b\nsecond line")).text()
    assert text == "error: a\\u{1b}]0;title\\u{7}b\nsecond line  [bad_key]"
