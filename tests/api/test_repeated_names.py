"""A field that stands twice in a body."""

from __future__ import annotations

import msgspec
import pytest

from estimates.errors import InvalidError
from estimates_api.http.repeated_names import may_repeat, refuse_repeated


class Body(msgspec.Struct):
    """A body with two fields, one of which has another name in JSON."""

    keys: list[list[str]] = []
    from_: str = msgspec.field(default="", name="from")


@pytest.mark.parametrize(
    "body",
    [
        b'{"keys": [["a"]]}',
        b'{"keys": [["keys", "from"]], "from": "keys"}',
        b'{"keys": [], "from": "1", "other": {"keys": 1, "from": 2}}',
        b'{"from": "a \\"from\\": b"}',
        b'[{"keys": 1}]',
        b"{}",
    ],
)
def test_each_once(body: bytes) -> None:
    """Values may say the same words, and objects inside have fields of their own."""
    refuse_repeated(body, Body)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b'{"keys": [], "keys": [["a"]]}', "keys"),
        (b'{"from": "1", "keys": [], "from": "2"}', "from"),
        (b'{"other": {"a": 1}, "from": "1", "from": "2"}', "from"),
        (b'{"keys": [], "k\\u0065ys": [], "keys": []}', "keys"),
    ],
)
def test_twice(body: bytes, name: str) -> None:
    """Readers of JSON silently take one of them."""
    assert may_repeat(body, Body)
    with pytest.raises(InvalidError, match=f"'{name}' stands twice") as refused:
        refuse_repeated(body, Body)
    assert refused.value.message.endswith("allowed, each once: keys, from")


def test_most_bodies_are_not_looked_through() -> None:
    """A batch of keys alone: a colon says it, whatever its size."""
    assert not may_repeat(b'{"keys": [["keys", "keys"]]}', Body)
