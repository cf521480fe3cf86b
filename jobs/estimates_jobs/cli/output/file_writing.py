"""Writing files that somebody names in an option."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from estimates.errors import InvalidError


@contextmanager
def writing(file: str | Path) -> Iterator[Path]:
    """The path of a file that is written inside; raises InvalidError (`not_written`)."""
    try:
        yield Path(file)
    except OSError as error:
        reason = error.strerror or error
        raise InvalidError(
            "not_written",
            f"{file}: cannot be written: {reason}",
            remedy="name a file in a folder that you may write to",
        ) from None
