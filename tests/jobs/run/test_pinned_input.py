"""Which version of a source a run keeps to."""

from __future__ import annotations

import pytest

from estimates.catalog.records import InputDigest
from estimates_jobs.run.pinned_input import Pins


def test_a_pin_is_recorded_before_it_is_kept_to() -> None:
    """Once; the same again is none."""
    recorded: list[tuple[str, str]] = []
    pins = Pins({"prices": "3"}, lambda name, version: recorded.append((name, version)))
    assert (pins.version("prices"), pins.version("sales")) == ("3", None)
    pins.pin("prices", "3")
    pins.pin("sales", "1")
    pins.pin("sales", "1")
    pins.pin("sales", "2")
    assert recorded == [("sales", "1"), ("sales", "2")]
    assert pins.version("sales") == "2"


def test_what_cannot_be_recorded_is_not_kept_to() -> None:
    """So that a run that goes on later reads what is written down."""

    def fails(_name: str, _version: str) -> None:
        raise OSError("catalog")

    pins = Pins(record=fails)
    with pytest.raises(OSError, match="catalog"):
        pins.pin("prices", "1")
    assert pins.version("prices") is None


def test_a_source_that_counts_no_versions_is_known_by_its_content() -> None:
    """Another one than before is said once, and then kept to."""
    pins = Pins({"prices": "a"})
    assert not Pins().differs(InputDigest("prices", "x", "a"))
    assert not pins.differs(InputDigest("prices", "x", "a"))
    assert pins.differs(InputDigest("prices", "x", "b"))
    assert not pins.differs(InputDigest("prices", "x", "b"))
