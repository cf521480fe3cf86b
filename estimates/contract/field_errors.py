"""All that is wrong with a tree of plain values, where msgspec ends with the first thing: where it
is, what is wrong, what is allowed, and what may have been meant.
"""

import re
from collections.abc import Iterator
from copy import deepcopy
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

import msgspec

from estimates.render.wording import did_you_mean

_PATH = re.compile(r" - at `\$?\.?(.*)`$")
_STEP = re.compile(r"\[(\d+)\]|([^.\[]+)")
Path = tuple[str, ...]


class Fault(NamedTuple):
    """One thing that is wrong.

    path     of the field, or of the table that has it
    problem  what is wrong, and what is allowed
    field    the name in that table which is too much, for its line; "" otherwise
    """

    path: Path
    problem: str
    field: str = ""

    def __str__(self) -> str:
        path = ".".join(self.path) or "top level"
        return f"{path}{'' if self.problem.startswith('.') else ': '}{self.problem}"


def faults_of(tree: Any, kind: Any, path: Path = ()) -> list[Fault]:
    """What keeps a tree from being converted to `kind`, in the order of its parts; rules about
    several fields of a table come when each of them is right by itself.
    """
    members = [member for member in _members(kind) if member is not NoneType]
    if isinstance(tree, dict):
        struct = _struct_of(members, tree)
        if struct is not None:
            return _of_struct(tree, struct, path)
        elements = [get_args(m)[-1] for m in members if get_origin(m) is dict]
        if elements:
            pairs = [(str(name), value) for name, value in tree.items()]
            return [f for n, value in pairs for f in faults_of(value, elements[0], (*path, n))]
    if isinstance(tree, list):
        elements = [get_args(m)[0] for m in members if get_origin(m) in (tuple, list)]
        if elements:
            pairs = [(str(place), value) for place, value in enumerate(tree)]
            return [
                fault for n, value in pairs for fault in faults_of(value, elements[0], (*path, n))
            ]
    return _converted(tree, kind, path, members)


def _of_struct(tree: dict[str, Any], struct: Any, path: Path) -> list[Fault]:
    hints = get_type_hints(struct)
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    known = [*fields, *filter(None, [struct.__struct_config__.tag_field])]
    faults = [
        Fault(path, f"unknown field `{name}`{_instead(name, fields)}", name)
        for name in tree
        if name not in known
    ]
    faults += [
        Fault(path, f"missing required field `{name}`")
        for name, field in fields.items()
        if field.required and name not in tree
    ]
    for name, field in fields.items():
        if name in tree:
            faults += faults_of(tree[name], hints[field.name], (*path, name))
    if all(fault.field for fault in faults):  # rules see what is left without unknown fields
        faults += _converted(_without(tree, faults, len(path)), struct, path, [struct])
    return faults


def _without(tree: dict[str, Any], faults: list[Fault], depth: int) -> dict[str, Any]:
    """A copy without the fields that are too much; `depth` is how deep the tree lies itself."""
    if not faults:
        return tree
    copy = deepcopy(tree)
    for fault in faults:
        table: Any = copy
        for step in fault.path[depth:]:
            table = table[int(step) if isinstance(table, list) else step]
        del table[fault.field]
    return copy


def _converted(tree: Any, kind: Any, path: Path, members: list[Any]) -> list[Fault]:
    """What msgspec says, each sentence of a rule of our own by itself."""
    try:
        msgspec.convert(tree, kind)
    except msgspec.ValidationError as error:
        text = str(error)
        match = _PATH.search(text)
        steps = [a or b for a, b in _STEP.findall(match[1])] if match else []
        problems = (text[: match.start()] if match else text).split("\n")
        return [Fault((*path, *steps), _worded(problem, tree, members)) for problem in problems]
    return []


def _worded(problem: str, tree: Any, members: list[Any]) -> str:
    """The problem with what is allowed, where that is a list of choices."""
    if "Invalid enum value" in problem:
        choices = [v for m in members if get_origin(m) is Literal for v in get_args(m)]
        return f"{tree!r} is none of the choices{_instead(tree, choices)}"
    if "Invalid value" in problem and isinstance(tree, dict):
        structs = [member for member in members if _is_struct(member)]
        choices = [struct.__struct_config__.tag for struct in structs]
        chosen = tree.get(structs[0].__struct_config__.tag_field) if structs else None
        return f"{chosen!r} is none of the choices{_instead(chosen, choices)}"
    return problem


def _instead(name: Any, allowed: Any) -> str:
    """What may have been meant, and all that is allowed: values in quotes, fields by name."""
    is_fields = isinstance(allowed, dict)
    listed = sorted(allowed) if is_fields else [repr(value) for value in allowed]
    return f"{did_you_mean(str(name), map(str, allowed))}; allowed: {', '.join(listed)}"


def _struct_of(members: list[Any], tree: dict[str, Any]) -> Any:
    """The Struct that a table is meant to be: the only one, or the one that its tag names."""
    structs = [member for member in members if _is_struct(member)]
    if len(structs) == 1:
        return structs[0]
    tagged: Iterator[Any] = (
        struct
        for struct in structs
        if struct.__struct_config__.tag == tree.get(struct.__struct_config__.tag_field)
    )
    return next(tagged, None)


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _members(kind: Any) -> list[Any]:
    return (
        [m for arg in get_args(kind) for m in _members(arg)]
        if get_origin(kind) in (Union, UnionType)
        else [kind]
    )
