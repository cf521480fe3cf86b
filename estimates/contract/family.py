"""A family: one contract for many sets that answer one question, such as the models of a hub.

The family's own contract has `[family]` and no versions; that of each member is made from it, with
a name of its own and `[member]` in the place of `[family]`.
"""

import json
import re
from collections.abc import Iterable

import msgspec

from estimates.contract.columns import Part
from estimates.contract.toml_lines import line_numbers
from estimates.errors import InvalidError

_MEMBER = re.compile(r"[a-z0-9][a-z0-9._-]*")


class Family(Part, frozen=True):
    """by: the column of tables that come which names the member of each row."""

    by: str = "model_id"


class Member(Part, frozen=True):
    """Which member of which family a set is; `details` is what is known of it, such as its team."""

    of: str
    name: str
    details: dict[str, str] = msgspec.field(default_factory=dict)


def member_set(family: str, member: str) -> str:
    """The name of a member's set: `flu.umass-trends` for UMass-trends of flu.

    Raises InvalidError `bad_member`.
    """
    small = member.lower()
    if not _MEMBER.fullmatch(small) or len(family) + len(small) > 99:
        raise InvalidError(
            "bad_member",
            f"{family}: {member!r} names no set",
            remedy="write a member's name with letters, digits, '.', '_' and '-'; it begins with a "
            "letter or digit, and is short enough for a set's name of 100",
        )
    return f"{family}.{small}"


def is_made_of(source: str, member: Member, sources: Iterable[str]) -> bool:
    """Whether a member's TOML is what some of these, its family's, make of it."""
    return any(source == member_source(text, member) for text in sources)


def member_source(source: str, member: Member) -> str:
    """The TOML of a member's contract, out of the family's."""
    numbers = line_numbers(source)
    lines = source.splitlines()
    lines[numbers["name",] - 1] = f"name = {json.dumps(member_set(member.of, member.name))}"
    of_family = {line - 1 for path, line in numbers.items() if path[0] == "family"}
    kept = [line for number, line in enumerate(lines) if number not in of_family]
    table = ["[member]", f"of = {json.dumps(member.of)}", f"name = {json.dumps(member.name)}"]
    if member.details:
        table += ["[member.details]"]
        table += [f"{json.dumps(n)} = {json.dumps(text)}" for n, text in member.details.items()]
    return "\n".join([*kept, "", *table, ""])
