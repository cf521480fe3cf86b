"""The access record: which keys a store knows, and what each principal may do in which sets."""

from __future__ import annotations

import tomllib
from typing import Any

import msgspec

from estimates.errors import EstimatesError, InvalidError
from estimates.principals.public_key import check_key
from estimates.principals.rights import RIGHTS, Right, rights_of

_ROOT_KEYS, _PRINCIPALS, _KEYS = 16, 10_000, 16  # at most: every reader holds them


class KnownPrincipal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person or a job that a store knows.

    keys  public keys as text; more than one while one takes the place of another
    may   by right the sets: names, or with `*` at the end all that begin like that. What is about
          the store as a whole (tokens, the clock) asks for `*`
    """

    keys: tuple[str, ...]
    may: dict[str, tuple[str, ...]] = {}

    def sets_of(self, right: Right) -> tuple[str, ...]:
        """The sets in which a right counts."""
        return self.may.get(right, ())

    def is_allowed(self, kind: str, set_name: str) -> bool:
        """Whether an event of this kind about a set (empty: about the store) may be theirs."""
        rights = rights_of(kind)
        return rights is None or any(
            covers(pattern, set_name) for right in rights for pattern in self.sets_of(right)
        )


class AccessRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who may do what.

    root        the keys any of which signs the next record
    principals  by name, which is the actor of their events
    """

    root: tuple[str, ...]
    principals: dict[str, KnownPrincipal] = {}

    def name_of(self, key: str) -> str | None:
        """The principal of a key; None where the store does not know it."""
        names = (name for name, known in self.principals.items() if key in known.keys)
        return next(names, None)

    def details(self) -> dict[str, Any]:
        """As JSON in an event: principals and rights sorted by name."""
        principals = {
            name: {
                "keys": list(known.keys),
                "may": {right: list(sets) for right, sets in sorted(known.may.items())},
            }
            for name, known in sorted(self.principals.items())
        }
        return {"root": list(self.root), "principals": principals}


def covers(pattern: str, set_name: str) -> bool:
    """Whether a name, or the beginning of names and `*`, is about a set."""
    if pattern.endswith("*"):
        return set_name.startswith(pattern[:-1])
    return pattern == set_name


def record_of_details(details: dict[str, Any]) -> AccessRecord | None:
    """The record that an event sets; None where it is none. A later release may know more
    rights.
    """
    try:
        record = msgspec.convert(details.get("record"), AccessRecord)
        for key in _keys(record):
            check_key(key)
    except (msgspec.ValidationError, EstimatesError):
        return None
    return record


def parse_access(text: str, where: str) -> AccessRecord:
    """The record of a TOML file; raises InvalidError (`bad_access_record`, `bad_key_text`)."""
    try:
        record = msgspec.convert(tomllib.loads(text), AccessRecord)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise _bad(where, str(error)) from None
    if not 0 < len(record.root) <= _ROOT_KEYS:
        raise _bad(where, f"root has {len(record.root)} keys, 1 to {_ROOT_KEYS} are allowed")
    if len(record.principals) > _PRINCIPALS:
        raise _bad(where, f"there are more than {_PRINCIPALS:,} principals")
    for name, known in record.principals.items():
        if not name.strip() or not name.isprintable():
            raise _bad(where, f"{name!r} cannot be the name of a principal")
        if not 0 < len(known.keys) <= _KEYS:
            raise _bad(where, f"{name} has {len(known.keys)} keys, 1 to {_KEYS} are allowed")
        for right, sets in known.may.items():
            if right not in RIGHTS:
                raise _bad(where, f"{name}: there is no right {right!r}, only {', '.join(RIGHTS)}")
            for pattern in sets:
                if not pattern or "*" in pattern[:-1]:
                    raise _bad(where, f"{name}: {right} names {pattern!r}: write a set, or part*")
    before = set[str]()
    for key in _keys(record):
        check_key(key)
        if key in before:
            raise _bad(where, f"the key {key} stands there twice: a key is one principal's")
        before.add(key)
    return record


def _keys(record: AccessRecord) -> list[str]:
    return [*record.root, *(key for known in record.principals.values() for key in known.keys)]


def _bad(where: str, what: str) -> InvalidError:
    return InvalidError(
        "bad_access_record",
        f"{where}: {what}",
        remedy="docs/security.md shows a record; `estimates access show` prints the present one",
    )
