"""On which line of a TOML file each of its fields is."""

import re
import tomllib
from typing import Any

_HEADER = re.compile(r"\s*\[+([^\[\]].*?)\]+\s*(#.*)?$")
_KEY = re.compile(r"\s*([^=#\[]+?)\s*=")


def line_numbers(source: str) -> dict[tuple[str, ...], int]:
    """Path of each table and field that begins on a line of its own, and that line's number from 1;
    `source` is TOML that can be read.
    """
    numbers: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    lines = source.splitlines()
    at = 0
    while at < len(lines):
        header, key = _HEADER.match(lines[at]), _KEY.match(lines[at])
        length = 1
        if header and (path := _path(header[1])):
            table = path
            numbers.setdefault(table, at + 1)
        elif key and (path := _path(key[1])):
            numbers.setdefault((*table, *path), at + 1)
            length = _lines_of(lines[at:])
        at += length
    return numbers


def line_of(path: tuple[str, ...], numbers: dict[tuple[str, ...], int]) -> int | None:
    """The line of a field, or of the nearest table around it; None for the file as a whole."""
    starts = (path[:count] for count in range(len(path), 0, -1))
    return next((numbers[start] for start in starts if start in numbers), None)


def _lines_of(lines: list[str]) -> int:
    """How many lines a field takes that begins on the first."""
    for count in range(1, len(lines) + 1):
        try:
            tomllib.loads("\n".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            continue
        return count
    return 1


def _path(key: str) -> tuple[str, ...]:
    """The names in a key such as `a."b.c".d`; none for what is no key."""
    try:
        tree: Any = tomllib.loads(f"{key} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    names: list[str] = []
    while isinstance(tree, dict):
        ((name, tree),) = tree.items()
        names.append(name)
    return tuple(names)
