"""Say where and what is allowed, where msgspec only says what is wrong."""

import re
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

_PATH = re.compile(r" - at `\$?\.?(.*)`$")
_STEP = re.compile(r"\[(?:\.\.\.|\d+)\]|[^.\[]+")


def bad_field(error: msgspec.ValidationError, kind: Any, tree: Any) -> str:
    """The message of a ValidationError as `path: what is wrong; allowed: …`, for a `tree` converted
    to `kind`.
    """
    text = str(error)
    match = _PATH.search(text)
    what = text[: match.start()] if match else text
    path, kinds = _walk(kind, tree, _STEP.findall(match[1] if match else ""))
    allowed = _allowed(kinds, what)
    return f"{path or 'top level'}: {what}" + (
        f"; allowed: {', '.join(allowed)}" if allowed else ""
    )


def _walk(kind: Any, tree: Any, steps: list[str]) -> tuple[str, list[Any]]:
    """Follow msgspec's path, which says `[...]` for any key of a mapping, to the names and the
    types at its end.
    """
    names: list[str] = []
    kinds = _members(kind)
    for step in steps:
        if step.startswith("["):
            elements = [
                get_args(member)[-1 if isinstance(tree, dict) else 0]
                for member in kinds
                if get_args(member)
            ]
            kinds = [member for element in elements for member in _members(element)]
            name = _failing(tree, elements[0]) if step == "[...]" and elements else step[1:-1]
        else:
            name = step
            if any(
                _is_struct(member) and member.__struct_config__.tag_field == name
                for member in kinds
            ):
                return ".".join([*names, name]), kinds
            hints = [get_type_hints(member) for member in kinds if _is_struct(member)]
            kinds = [member for hint in hints if name in hint for member in _members(hint[name])]
        names.append(name)
        tree = (
            tree.get(name)
            if isinstance(tree, dict)
            else tree[int(name)]
            if isinstance(tree, list)
            else None
        )
    return ".".join(names), kinds


def _failing(tree: Any, kind: Any) -> str:
    """The first key of a mapping (or index of a list) whose value does not convert."""
    for name, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError:
            return str(name)
    return "?"


def _allowed(kinds: list[Any], what: str) -> list[str]:
    """Names of fields for an unknown field, values for a wrong choice."""
    structs = [member for member in kinds if _is_struct(member)]
    if "unknown field" in what:
        return sorted(
            {field.encode_name for struct in structs for field in msgspec.structs.fields(struct)}
        )
    if "Invalid enum value" in what:
        return [
            repr(value)
            for member in kinds
            if get_origin(member) is Literal
            for value in get_args(member)
        ]
    if "Invalid value" in what:
        tags = [struct.__struct_config__.tag for struct in structs]
        return [repr(tag) for tag in tags if tag is not None]
    return []


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _members(kind: Any) -> list[Any]:
    return (
        [m for arg in get_args(kind) for m in _members(arg)]
        if get_origin(kind) in (Union, UnionType)
        else [kind]
    )
