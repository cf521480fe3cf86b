"""What people want to know of a set: addresses and length."""

from __future__ import annotations

import pytest

from estimates.contract.about import About


def test_addresses_begin_as_they_must() -> None:
    """A page, or somebody's mailbox; a script is none."""
    About(links={"dash": "https://a", "old": "http://a", "who": "mailto:a@b"})
    for address in ("javascript:alert(1)", "ftp://a", "a.example", ""):
        with pytest.raises(ValueError, match=r"links\.x: an address begins with"):
            About(links={"x": address})


def test_docs_are_no_books() -> None:
    """The bound itself is allowed."""
    About(docs="x" * 100_000)
    with pytest.raises(ValueError, match="100,000 characters at most"):
        About(docs="x" * 100_001)
