"""The seven invariants of architecture.md, one function each; stateful, crash and race tests call
`check_all`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from estimates import instants
from estimates.catalog.catalog import Catalog
from estimates.catalog.records import Event, Version
from estimates.catalog.view import View
from estimates.contract.columns import key_text
from estimates.errors import NotFoundError
from estimates.gate.unapproved import unapproved
from estimates.render.row_text import joined, json_pieces
from estimates.storage import snapshot
from estimates.storage.log_copies import copied_events, read_copy
from estimates.store.store import Store
from tests.builders import manifest_of

# What a read of (set, version) gave, kept between two calls.
Answers = dict[tuple[str, int], str]


def check_all(store: Store, answers: Answers | None = None, client: Any = None) -> Answers:
    """Assert all invariants; `answers` are those of an earlier call, `client` is an httpx-like one
    of the service.
    """
    store.refresh()
    files_match_their_digests(store)
    numbers_are_dense(store)
    aliases_agree_with_the_log(store)
    promotions_rest_on_waivers_in_force(store)
    nothing_went_around_approvals(store)
    answers = reads_by_number_never_change(store, answers or {})
    what_failed_is_invisible(store)
    one_version_per_answer(store)
    the_log_is_whole(store)
    if client is not None:
        same_bytes_over_http(store, client)
    return answers


def files_match_their_digests(store: Store) -> None:
    """1: every unexpired version's files exist and match their digests."""
    for version in unexpired(store):
        manifest = snapshot.read_manifest(store.objects, version.set, version.snapshot_id)
        frame = store.frame(version)
        read = manifest.through(store.replaced(version.set))
        contract = store.view().set(version.set).contract_of(version)
        assert (frame.height, manifest.rows) == (read.rows, version.rows)
        assert manifest.shape == contract.shape()
        if manifest.format == snapshot.FORMAT and read == manifest:
            assert manifest_of(frame, contract) == manifest


def numbers_are_dense(store: Store) -> None:
    """2: version numbers are 1..n, event ids 1..n, contract revisions 1..n; times never
    decrease.
    """
    view = store.view()
    for of_set in view.sets.values():
        assert [version.version for version in of_set.versions] == list(
            range(1, len(of_set.versions) + 1)
        )
        assert [contract.revision for contract in of_set.contracts] == list(
            range(1, len(of_set.contracts) + 1)
        )
        moments = [version.published_at for version in of_set.versions]
        assert moments == sorted(moments)
    events = list(view.events())
    assert [event.id for event in events] == list(range(1, view.last_event + 1))
    times = [event.at for event in events]
    assert all(earlier < later for earlier, later in pairwise(times))
    assert not times or times[-1] == view.moment


def aliases_agree_with_the_log(store: Store) -> None:
    """3: an alias points at an existing version, its last event agrees, and its events form a
    chain.
    """
    view = store.view()
    for of_set in view.sets.values():
        pointed: dict[str, int] = {}
        for event in of_set.events:
            if event.alias is None:
                continue
            assert event.kind in ("promoted", "rolled_back", "alias_removed")
            assert event.from_version == pointed.pop(event.alias, None)
            if event.kind == "alias_removed":
                continue
            assert event.version is not None
            assert 1 <= event.version <= len(of_set.versions)
            pointed[event.alias] = event.version
            alias = of_set.aliases.get(event.alias)
            if alias is not None and view.time_of(alias.moved_at) == event.at:
                assert alias.held == (event.kind == "rolled_back")
        assert pointed == {name: alias.version for name, alias in of_set.aliases.items()}
        for name, alias in of_set.aliases.items():
            assert view.time_of(alias.moved_at) == of_set.moves[name][-1][0]
            assert of_set.versions[alias.version - 1].expired_at is None


def promotions_rest_on_waivers_in_force(store: Store) -> None:
    """3, too: a waiver that let a version through was for its content, given before, not over and
    not taken back.
    """
    for of_set in store.view().sets.values():
        waivers: dict[int, Event] = {}
        for event in of_set.events:
            if event.kind == "waived":
                waivers[event.id] = event
            elif event.kind == "unwaived":
                assert event.details["waiver"] in waivers
                ended = waivers.pop(event.details["waiver"])
                assert instants.parse(ended.details["until"]) > event.at
            elif event.kind == "promoted":
                assert event.version is not None
                for number in event.details.get("waivers", ()):
                    assert number in waivers
                    waiver = waivers[number]
                    assert waiver.version is not None
                    assert instants.parse(waiver.details["until"]) > event.at
                    contents = {
                        of_set.versions[n - 1].snapshot_id for n in (event.version, waiver.version)
                    }
                    assert len(contents) == 1
        assert [waiver.id for waiver in of_set.waivers] == list(waivers)


def nothing_went_around_approvals(store: Store) -> None:
    """3, too: what the contract in force wanted approvals for has them."""
    assert [fault for name in store.view().sets for fault in unapproved(store.view(), name)] == []


def reads_by_number_never_change(store: Store, answers: Answers) -> Answers:
    """4: a read by version number never changes its answer; an expired version answers that it
    expired.
    """
    now = {(version.set, version.version): _answer(store, version) for version in versions(store)}
    for known, answer in answers.items():
        assert now[known] in (answer, "expired"), f"{known} has another answer than before"
    return now


def what_failed_is_invisible(store: Store) -> None:
    """5: what is visible was committed whole: one event a version, and nothing that refers to a
    version that is not.
    """
    view = store.view()
    for name, of_set in view.sets.items():
        published = [event.version for event in of_set.events if event.kind == "published"]
        assert published == [version.version for version in of_set.versions]
        assert len({version.provenance.run_id for version in of_set.versions}) == len(
            of_set.versions
        )
        assert {event.version for event in of_set.events if event.kind == "judged"} <= set(
            published
        )
        for version in of_set.versions:
            body = store.catalog.verdict(name, version.version)
            assert (body is None) == (version.version not in of_set.blocks)
            assert version.published_at == of_set.events[_index(of_set.events, version)].at
        _assert_unknown(store, name, len(of_set.versions) + 1)
    # What was brought up to date step by step equals what is read whole.
    fresh = Catalog(store.catalog.engine.url.render_as_string(hide_password=False))
    whole = fresh.view()
    fresh.engine.dispose()
    assert _records(whole) == _records(view)


def one_version_per_answer(store: Store) -> None:
    """6: all parts of one batch, and all pages of one scan, are the rows of the version that the
    answer names.
    """
    for version in unexpired(store):
        contract = store.view().set(version.set).contract_of(version)
        frame = store.frame(version)
        rows = [
            msgspec.json.decode(row)
            for row in frame.select(joined(json_pieces(frame, frame.columns))).to_series()
        ]
        keys = [
            [key_text(part) for part in row] for row in frame.select(list(contract.key)).iter_rows()
        ]
        batch = store[version.set].get_many(keys, ref=version.version)
        assert batch.body["version"] == version.version
        assert [result["estimate"] for result in batch.body["results"]] == rows
        pages, cursor = [], None
        while True:
            page = store[version.set].scan(
                ref=version.version, limit=max(1, len(rows) // 2), cursor=cursor
            )
            assert page.body["version"] == version.version
            pages += page.body["estimates"]
            cursor = page.cursor
            if cursor is None:
                break
        assert pages == rows


def the_log_is_whole(store: Store) -> None:
    """The chain holds, every row follows from it, and its copies are the log."""
    assert store.catalog.audit() == []
    entries = {entry.event.id: entry for entry in store.catalog.entries()}
    copied = copied_events(store.objects)
    assert copied == list(range(1, len(copied) + 1))  # the newest may be missing after a crash
    assert all(read_copy(store.objects, event) == entries[event] for event in copied)


def same_bytes_over_http(store: Store, client: Any) -> None:
    """7: in-process and HTTP reads of the same key and ref give the same bytes."""
    for version in unexpired(store):
        contract = store.view().set(version.set).contract_of(version)
        for key in store.frame(version).select(list(contract.key)).iter_rows():
            path = "/".join(quote(key_text(part), safe="") for part in key)
            response = client.get(f"/v1/sets/{version.set}/estimates/{path}?ref={version.version}")
            assert response.content == store[version.set].get(*key, ref=version.version).json


def versions(store: Store) -> Iterator[Version]:
    """All versions of all sets."""
    return (version for of_set in store.view().sets.values() for version in of_set.versions)


def unexpired(store: Store) -> Iterator[Version]:
    """The versions that still have files."""
    return (version for version in versions(store) if version.expired_at is None)


def _answer(store: Store, version: Version) -> str:
    """A digest of all that a read by number says: every row, and the record."""
    if version.expired_at is not None:
        with pytest.raises(NotFoundError) as caught:
            store[version.set].scan(ref=version.version)
        assert caught.value.code == "expired"
        return "expired"
    rows = store.lookups.open(version).read(range(store.frame(version).height))
    fixed = msgspec.structs.replace(version, mlflow_run=None)
    return hashlib.sha256(rows + msgspec.json.encode(fixed)).hexdigest()


def _records(view: View) -> list[Any]:
    return [
        (name, s.contracts, s.versions, s.events, s.aliases, s.waivers)
        for name, s in view.sets.items()
    ]


def _index(events: list[Any], version: Version) -> int:
    return next(
        i for i, e in enumerate(events) if e.kind == "published" and e.version == version.version
    )


def _assert_unknown(store: Store, name: str, number: int) -> None:
    with pytest.raises(NotFoundError) as caught:
        store.resolve(name, number)
    assert caught.value.code == "unknown_version"
