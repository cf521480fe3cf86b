"""The chain of one key: its history, and what became of each of its numbers
(docs/stability.md, V).
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from estimates.catalog.records import State, Version
from estimates.keys.key_form import KeyForm
from estimates.reading.expected_keys import is_expected
from estimates.render.digits import rounded
from estimates.stability.through_time.chain import key_chains


class _Entry(msgspec.Struct):
    version: int
    state: State
    estimate: dict[str, Any] | None


class _History(msgspec.Struct):
    key: list[str]
    history: list[_Entry]


def chained(
    body: bytes, form: KeyForm, versions: Sequence[Version], fields: Sequence[str] | None
) -> bytes:
    """The JSON of a history with the chain of each number behind it; refused versions are no part
    of a chain.

    form, versions  how keys are written, and the versions that the history lists
    """
    history = msgspec.json.decode(body, type=_History)
    estimates = {
        entry.version: entry.estimate for entry in history.history if entry.state != "refused"
    }
    expected = {
        version.version
        for version in versions
        if version.version in estimates and is_expected(form, version, history.key)
    }
    by_column = rounded(msgspec.to_builtins(key_chains(form.contract, estimates, expected, fields)))
    return b'%b,"chain":%b}' % (body[:-1], msgspec.json.encode(by_column))
