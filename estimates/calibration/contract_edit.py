"""Limits written into a contract's TOML, everything else of it left as its author wrote it,
comments too.
"""

import difflib
import re
import tomllib
from collections.abc import Mapping
from typing import Any, NamedTuple

from estimates.errors import InvalidError

_HEADER = re.compile(r"^\s*\[+\s*([^\[\]]+?)\s*\]+\s*(#.*)?$")
Level = float | str | list[float]
_TABLES = ("checks", "custom")  # of [gate], by name of a check


class NewLimits(NamedTuple):
    """New limits of one check: `table` is `checks`, or `custom` for a check of the set's own. What
    is None is not written.
    """

    table: str
    name: str
    warn: float | None
    block: float | None
    severity: str | None = None
    usual: tuple[float, float] | None = None


def edited(source: str, changes: list[NewLimits], profile: str | None = None) -> str:
    """The contract with these limits, and another profile where one is given; a table that is not
    there yet follows the last one of [gate].

    Raises InvalidError (`contract_form`) where limits are written in a form that no line can be put
    into.
    """
    lines = source.splitlines()
    wanted = tomllib.loads(source)
    for change in changes:
        entry = (
            wanted.setdefault("gate", {}).setdefault(change.table, {}).setdefault(change.name, {})
        )
        entry |= _levels(change)
        lines = _with(lines, change)
    if profile is not None:
        wanted.setdefault("gate", {})["profile"] = profile
        lines = _with_profile(lines, profile)
    text = "\n".join(lines) + ("\n" if source.endswith("\n") else "")
    if _parsed(text) != wanted:
        named = ", ".join(f"[gate.{change.table}.{change.name}]" for change in changes)
        raise InvalidError(
            "contract_form",
            "limits can only be put into tables that have a line of their own",
            remedy=f"write them as {named}",
        )
    return text


def unified_diff(old: str, new: str, name: str) -> str:
    """What `patch` and `git apply` take; nothing when both are the same."""
    a, b = old.splitlines(keepends=True), new.splitlines(keepends=True)
    parts = difflib.unified_diff(a, b, f"a/{name}", f"b/{name}")
    return "".join(
        part if part.endswith("\n") else f"{part}\n\\ No newline at end of file\n" for part in parts
    )


def _with(lines: list[str], change: NewLimits) -> list[str]:
    for i, line in enumerate(lines):
        if _path(line) == ["gate", change.table, change.name]:
            return _in_table(lines, i, change)
    for i, line in enumerate(lines):
        if _table_at(lines, i) == ["gate", change.table] and re.match(
            rf"\s*{re.escape(change.name)}\s*=\s*{{", line
        ):
            return [*lines[:i], _inline(line, change), *lines[i + 1 :]]
    at = _end_of_gate(lines)
    new = [
        f"[gate.{change.table}.{change.name}]",
        *(f"{level} = {_text(value)}" for level, value in _levels(change).items()),
    ]
    before = [""] if at and lines[at - 1].strip() else []
    after = [""] if at < len(lines) and lines[at].strip() else []
    return [*lines[:at], *before, *new, *after, *lines[at:]]


def _with_profile(lines: list[str], profile: str) -> list[str]:
    for i, line in enumerate(lines):
        if _path(line) == ["gate"]:
            return _set(lines, i, {"profile": profile})
    at = next((i for i, line in enumerate(lines) if _path(line)[:1] == ["gate"]), len(lines))
    before = [""] if at and lines[at - 1].strip() else []
    return [*lines[:at], *before, "[gate]", f'profile = "{profile}"', "", *lines[at:]]


def _in_table(lines: list[str], header: int, change: NewLimits) -> list[str]:
    """The lines with the table's limits replaced, or put right under its header."""
    return _set(lines, header, _levels(change))


def _set(lines: list[str], header: int, values: Mapping[str, Level]) -> list[str]:
    end = next((i for i in range(header + 1, len(lines)) if _path(lines[i])), len(lines))
    table = lines[header + 1 : end]
    new: list[str] = []
    for level, value in values.items():
        at = next((i for i, line in enumerate(table) if re.match(rf"\s*{level}\s*=", line)), None)
        if at is None:
            new.append(f"{level} = {_text(value)}")
        else:
            table[at] = re.sub(
                rf"^(\s*{level}\s*=\s*)(\[[^\]]*\]|[^\s#]+)", rf"\g<1>{_text(value)}", table[at]
            )
    return [*lines[: header + 1], *new, *table, *lines[end:]]


def _inline(line: str, change: NewLimits) -> str:
    """An inline table, `name = { warn = 0.1 }`, with the limits replaced or put first."""
    for level, value in reversed(_levels(change).items()):
        line, replaced = re.subn(
            rf"([{{,]\s*{level}\s*=\s*)(\[[^\]]*\]|[^\s,}}]+)",
            rf"\g<1>{_text(value)}",
            line,
            count=1,
        )
        if not replaced:
            line = re.sub(r"{\s*", f"{{ {level} = {_text(value)}, ", line, count=1)
    return line


def _end_of_gate(lines: list[str]) -> int:
    """Behind the last line of [gate] and its tables that says something; else behind the last of
    the contract.
    """
    end = last = None
    for i, line in enumerate(lines):
        path = _path(line)
        if path:
            last = path[0]
        if line.strip() and not line.lstrip().startswith("#"):
            end = i + 1 if last == "gate" else end
    return len(lines) if end is None else end


def _table_at(lines: list[str], i: int) -> list[str]:
    """The table that a line stands in."""
    return next((path for line in reversed(lines[:i]) if (path := _path(line))), [])


def _path(line: str) -> list[str]:
    """The parts of a table's header; nothing for any other line."""
    header = _HEADER.match(line)
    return [part.strip().strip("\"'") for part in header.group(1).split(".")] if header else []


def _levels(change: NewLimits) -> dict[str, Level]:
    levels = {
        "warn": change.warn,
        "block": change.block,
        "severity": change.severity,
        "usual": None if change.usual is None else list(change.usual),
    }
    return {level: value for level, value in levels.items() if value is not None}


def _text(value: Level) -> str:
    """As TOML has it."""
    if isinstance(value, list):
        return f"[{', '.join(map(_text, value))}]"
    return f'"{value}"' if isinstance(value, str) else f"{value:g}"


def _parsed(text: str) -> Any:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None
