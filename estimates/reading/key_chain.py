"""The chain of one key: its history, and what became of each of its numbers
(docs/stability.md, V).
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from estimates.catalog.records import State, Version
from estimates.keys.key_form import KeyForm
from estimates.reading.expected_keys import due_versions, is_ahead, is_expected
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
    """The JSON of a history with the chain of each number behind it; no part of a chain are refused
    versions and those that could see what became of the key.

    form, versions  how keys are written, and the versions that the history lists
    """
    history = msgspec.json.decode(body, type=_History)
    refused = {entry.version for entry in history.history if entry.state == "refused"}
    chain = [
        version
        for version in versions
        if version.version not in refused and _is_part(form, version, history.key)
    ]
    listed = {entry.version: entry.estimate for entry in history.history}
    estimates = {version.version: listed[version.version] for version in chain}
    having = {number for number, estimate in estimates.items() if estimate is not None}
    expected = due_versions(form, chain, history.key, having)
    by_column = rounded(msgspec.to_builtins(key_chains(form.contract, estimates, expected, fields)))
    return b'%b,"chain":%b}' % (body[:-1], msgspec.json.encode(by_column))


def _is_part(form: KeyForm, version: Version, key: Sequence[str]) -> bool:
    return is_expected(form, version, key) or is_ahead(form, version.data_through, key)
