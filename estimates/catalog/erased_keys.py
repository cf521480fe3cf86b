"""What stands for a key whose numbers were erased, and what is left of what named it. No SQL here.

The log is for ever, so a key is not written into it: a digest stands for it, or for a leading part
of it, over the store's id, the set, and the parts as text, each followed by NUL.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec

from estimates import instants
from estimates.catalog.records import ErasedPart, Erasure, Version
from estimates.errors import NotFoundError

# What is left of the message of a check that named an erased key.
MESSAGE = "what was said here named a key that was erased"


class ErasedKeys:
    """The erased keys of a set, by the digests that stand for them.

    store  the store's id
    """

    def __init__(self, store: str, set_name: str, digests: Collection[str]) -> None:
        self.digests = digests
        self.prefix = f"{store}\0{set_name}\0"

    def digest(self, texts: Sequence[str]) -> str:
        """What stands for a key, or for a leading part of one, given as text."""
        return hashlib.sha256((self.prefix + "\0".join([*texts, ""])).encode()).hexdigest()

    def digest_of(self, texts: Sequence[str]) -> str | None:
        """What stands for the shortest leading part of a key that was erased; None where none
        was.
        """
        digests = (self.digest(texts[:count]) for count in range(1, len(texts) + 1))
        return next((digest for digest in digests if digest in self.digests), None)

    def __contains__(self, texts: Sequence[str]) -> bool:
        """Whether a key, given as text, or a leading part of it was erased."""
        return self.digest_of(texts) is not None

    def taken_out_of(self, verdict: str) -> str:
        """A verdict, as JSON, without what it names of erased keys: the same text where it names
        none.

        Those who offend are left out, the message of a check that named any is replaced.
        """
        body: dict[str, Any] = msgspec.json.decode(verdict)
        changed = False
        for check in body.get("checks", ()):
            offenders = check.get("offenders") or []
            left = [offender for offender in offenders if not self._is_of_erased(offender)]
            if len(left) < len(offenders):
                check |= {"offenders": left, "message": MESSAGE}
                for group in check.get("groups", ()):
                    group["message"] = MESSAGE
                changed = True
        if not changed:
            return verdict
        return msgspec.json.format(msgspec.json.encode(body), indent=2).decode() + "\n"

    def _is_of_erased(self, offender: dict[str, Any]) -> bool:
        return bool(offender.get("key")) and offender["key"] in self


def replaced_parts(erasures: Iterable[Erasure]) -> dict[str, ErasedPart]:
    """What is read in place of parts from which something was erased, by their digests.

    erasures  of one set, oldest first
    """
    replaced: dict[str, ErasedPart] = {}
    for erasure in erasures:
        newer = {part.part: part for part in erasure.replaced}
        for digest, part in replaced.items():
            if (again := newer.get(part.by)) is not None:
                replaced[digest] = msgspec.structs.replace(again, part=digest)
        replaced |= newer
    return replaced


def erased_error(
    version: Version, name: str, texts: Sequence[str], erasure: Erasure
) -> NotFoundError:
    """The error (`erased`) for a key whose numbers went from all versions."""
    when = instants.text(erasure.at)
    return NotFoundError(
        "erased",
        f"{version.set}: what there was of {name} was erased from all versions at {when} by "
        f"{erasure.actor} ({erasure.reason})",
        remedy="its numbers are gone for good: ask for another key",
        version=version.version,
        key=list(texts),
        erased_at=when,
        actor=erasure.actor,
        reason=erasure.reason,
    )
