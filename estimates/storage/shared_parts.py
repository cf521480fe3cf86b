"""Which parts two snapshots share. Equal parts have one name, so nothing is read to know it."""

from __future__ import annotations

from typing import NamedTuple

from estimates.storage.parts import Part
from estimates.storage.snapshot import FORMAT, Manifest


class Stretch(NamedTuple):
    """Parts that follow each other in key order: those of A alone, those of B alone, over the same
    keys, and then those of both.
    """

    a: tuple[Part, ...]
    b: tuple[Part, ...]
    shared: tuple[Part, ...]


def stretches(a: Manifest, b: Manifest) -> list[Stretch]:
    """Both snapshots from their first keys to their last; none where they share no part.

    A part is a range of keys, and the same part the same range: parts between two that are shared
    lie between these in both.
    """
    if not (a.format == b.format == FORMAT and a.shape.digest == b.shape.digest):
        return []
    common = {part.sha256 for part in a.parts if part.rows} & {part.sha256 for part in b.parts}
    if not common:
        return []
    pieces: list[Stretch] = []
    at_a = at_b = 0
    while at_a < len(a.parts) or at_b < len(b.parts):
        alone_a, at_a = _while_shared(a.parts, at_a, common, False)
        alone_b, at_b = _while_shared(b.parts, at_b, common, False)
        shared, at_a = _while_shared(a.parts, at_a, common, True)
        same, at_b = _while_shared(b.parts, at_b, common, True)
        # a part between two shared ones in one version alone ends the stretch in both
        both = min(len(shared), len(same))
        at_a -= len(shared) - both
        at_b -= len(same) - both
        pieces.append(Stretch(alone_a, alone_b, shared[:both]))
    return pieces


def _while_shared(
    parts: tuple[Part, ...], start: int, common: set[str], wanted: bool
) -> tuple[tuple[Part, ...], int]:
    """The parts from one on that are, or are not, shared; and the number of the next one."""
    stop = start
    while stop < len(parts) and (parts[stop].sha256 in common) == wanted:
        stop += 1
    return parts[start:stop], stop
