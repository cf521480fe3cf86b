"""Structs whose fields are worked out before several threads decode them.

msgspec works out the fields of a Struct when it is first decoded. A second thread that decodes it
at that moment reads what is not written yet, and the process dies (msgspec 0.22.0).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from threading import Lock

import msgspec

_OWN = ("estimates", "estimates_api", "estimates_jobs")
_known: set[type] = set()
_lock = Lock()


def make_ready() -> None:
    """Work out the fields of all Structs of this program that are imported by now: some 0.1 ms
    each, once.
    """
    with _lock:
        for struct in _below(msgspec.Struct):
            if struct not in _known and struct.__module__.partition(".")[0] in _OWN:
                with suppress(NameError, TypeError):  # one that is never decoded
                    msgspec.json.Decoder(struct)
                _known.add(struct)


def _below(struct: type) -> Iterator[type]:
    for each in struct.__subclasses__():
        yield each
        yield from _below(each)
