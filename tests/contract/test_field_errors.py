"""All that is wrong with a tree of values, each with its path and what is allowed."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from estimates.contract.field_errors import Fault, faults_of


class Small(msgspec.Struct, forbid_unknown_fields=True):
    """A table with a rule of its own."""

    kind: Literal["a", "bee"] = "a"
    size: int = 1
    most: int = 9

    def __post_init__(self) -> None:
        if self.size > self.most:
            raise ValueError("size is above most")


class Circle(msgspec.Struct, tag="circle", tag_field="form", forbid_unknown_fields=True):
    """One of two that a tag tells apart."""

    radius: float


class Square(msgspec.Struct, tag="square", tag_field="form", forbid_unknown_fields=True):
    """The other one."""

    side: float


class Whole(msgspec.Struct, forbid_unknown_fields=True):
    """What holds them."""

    name: str
    small: Small | None = None
    shape: Circle | Square | None = None
    listed: tuple[Small, ...] = ()
    by_name: dict[str, Small] = {}


def said(tree: Any) -> list[str]:
    """The faults as text."""
    return [str(fault) for fault in faults_of(tree, Whole)]


def test_a_tree_that_is_right_has_none() -> None:
    """Of every kind of part."""
    tree = {
        "name": "n",
        "small": {"kind": "bee"},
        "shape": {"form": "square", "side": 1.0},
        "listed": [{}],
        "by_name": {"x": {"size": 2}},
    }
    assert said(tree) == []


def test_all_is_said_at_once_where_it_is() -> None:
    """Unknown fields first, then what is missing, then each part."""
    tree = {
        "nam": "n",
        "small": {"sizes": 1, "kind": "b"},
        "listed": [{}, {"size": "x"}],
        "by_name": {"x": {"size": 1.5}},
    }
    assert said(tree) == [
        "top level: unknown field `nam` (did you mean 'name'?); allowed: by_name, listed, name, "
        "shape, small",
        "top level: missing required field `name`",
        "small: unknown field `sizes` (did you mean 'size'?); allowed: kind, most, size",
        "small.kind: 'b' is none of the choices; allowed: 'a', 'bee'",
        "listed.1.size: Expected `int`, got `str`",
        "by_name.x.size: Expected `int`, got `float`",
    ]


def test_a_rule_of_a_table_is_said_when_its_fields_are_right() -> None:
    """Also beside an unknown one."""
    assert said({"name": "n", "small": {"size": 10}}) == ["small: size is above most"]
    both = said({"name": "n", "small": {"size": 10, "kinds": 1}})
    assert [text.split(":")[0] for text in both] == ["small", "small"]
    assert both[1] == "small: size is above most"
    assert said({"name": "n", "small": {"size": "x", "most": 0}}) == [
        "small.size: Expected `int`, got `str`"
    ]


def test_a_tag_that_names_nothing_lists_what_it_may_be() -> None:
    """And one that is right is looked into."""
    (unknown,) = said({"name": "n", "shape": {"form": "sqare"}})
    assert unknown.startswith("shape")
    assert "'sqare' is none of the choices" in unknown
    assert "'square'" in unknown
    assert said({"name": "n", "shape": {"form": "circle"}}) == [
        "shape: missing required field `radius`"
    ]


def test_a_fault_without_a_path_is_of_the_top_level() -> None:
    """A problem that goes on from the path has no colon."""
    assert str(Fault((), "x")) == "top level: x"
    assert str(Fault(("a", "b"), ".warn: x")) == "a.b.warn: x"
