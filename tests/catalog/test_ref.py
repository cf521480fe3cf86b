"""How a ref names a version."""

from __future__ import annotations

from typing import Any

import pytest

from estimates.catalog.ref import version_number
from tests.builders import code_of


@pytest.mark.parametrize(
    ("ref", "number"),
    [
        (7, 7),
        ("7", 7),
        ("007", 7),
        ("production", None),
        ("latest", None),
        ("-1", None),
        ("1.0", None),
        ("", None),
        ("²", None),
        ("٣", None),
        ("9" * 19, int("9" * 19)),
        ("9" * 20, None),
    ],
)
def test_a_number_is_ascii_digits(ref: Any, number: int | None) -> None:
    """Any other text is a name, and one of more digits than a version can have."""
    assert version_number(ref) == number


@pytest.mark.parametrize("ref", [None, 1.5, [1]])
def test_what_is_neither_number_nor_text_is_refused(ref: Any) -> None:
    """With the code of a ref that names nothing."""
    assert code_of(lambda: version_number(ref)) == "bad_ref"
