"""What a job prints, with `***` in place of secrets that it was given, or finds in variables whose
names say that they are secrets.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator
from typing import Any, TextIO, cast

from estimates.redaction import keep_secrets, redacted
from estimates.settings import secret_values


@contextlib.contextmanager
def masked_output() -> Iterator[None]:
    """Inside, nothing that `redacted` takes away comes to standard output and standard error; from
    then on secrets of the environment are among that.
    """
    keep_secrets(secret_values())
    out, err = (cast(TextIO, _Masked(stream)) for stream in (sys.stdout, sys.stderr))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        yield


class _Masked:
    """A stream that writes what is shown of a text."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write it; a print is one text."""
        self._stream.write(redacted(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
