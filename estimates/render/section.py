"""A piece of a report as a reader sees it: plain text, not yet laid out."""

from dataclasses import dataclass, field

from estimates.render.wording import count, cut

NAME = 60  # characters of a key or a label in a sentence


@dataclass(frozen=True)
class Limits:
    """How much a rendering has room for; what is left out is said in a note.

    named    keys in a sentence
    columns  rows of the table of columns, and of intervals
    rows     largest moves, labels that changed
    groups   groups of one breakdown
    broken   columns that are shown with their largest moves and their groups
    all      whether what few readers look for is shown too
    """

    named: int
    columns: int
    rows: int
    groups: int
    broken: int
    all: bool = True


@dataclass(frozen=True)
class Section:
    """A heading, sentences, a table and notes below it, each maybe empty.

    name    what it is about: keys, change, top, …
    column  the column that it is about, if it is one
    left    leading columns of the table that are words; the others are numbers
    """

    name: str
    title: str
    lines: list[str] = field(default_factory=list)
    header: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    left: int = 1
    notes: list[str] = field(default_factory=list)
    column: str | None = None


def key_name(key: list[str], most: int = NAME) -> str:
    """The parts of a key with slashes between them; of a very long one the longest parts are cut,
    so that none is missing.
    """
    whole = "/".join(key)
    room = most - len(key) + 1
    longest = max(map(len, key), default=0)
    while len(whole) > most and longest > 1:
        longest -= 1
        if sum(min(len(part), longest) for part in key) <= room:
            return "/".join(cut(part, longest) for part in key)
    return cut(whole, most)


def value_name(value: str | None) -> str:
    """A label or a group; of a very long one the beginning."""
    return "null" if value is None else cut(value, NAME)


def first_notes(notes: list[str], limits: Limits) -> list[str]:
    """The notes that there is room for, and how many more."""
    more = len(notes) - limits.columns
    return [*notes[: limits.columns], f"and {more:,} more such notes"] if more > 0 else notes


def named(keys: list[list[str]], n: int, limits: Limits) -> str:
    """The first keys of `n`, and how many more."""
    shown = [key_name(key) for key in keys[: limits.named]]
    more = n - len(shown)
    if not shown:
        return count(n, "key")
    return ", ".join(shown) + (f" and {more:,} more" if more > 0 else "")
