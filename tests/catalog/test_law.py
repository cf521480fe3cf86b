"""The law of a log, event by event, signed by real keys: no catalog, no files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from estimates.catalog.law import NOBODY, Law, Unlawful, is_record, signed_text
from estimates.catalog.records import Event
from estimates.catalog.seal import Link
from estimates.principals.access_record import AccessRecord
from estimates.principals.private_key import load_key
from tests.builders import SET, code_of
from tests.catalog.histories import event
from tests.principals.signed import Keys

STORE = "s" * 32
MAY = {"ann": {"publish": ("*",)}, "bea": {"promote": ("clo*",)}}


class Signed:
    """Events of a log, each signed by the key of a name."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys

    def link(self, event: Event, by: str | None, digest: str = "") -> Link:
        """An event with the signature of a key; None: without any."""
        digest = digest or f"{event.id:064x}"
        if by is None:
            return Link(event, digest, None)
        key = load_key(self.keys.file(by))
        return Link(event, digest, key.sign(signed_text(STORE, digest)))

    def record(self, number: int, by: str = "root", root: str = "root") -> Link:
        """An access record, signed by a root key."""
        record = self.keys.record(MAY, root=root)
        return self.link(
            event(number, "access_set", set="", details={"record": record.details()}), by
        )


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Signed:
    """Keys of a folder."""
    return Signed(Keys(Path(tmp_path_factory.mktemp("keys"))))


def published(number: int, actor: str = "ann", **more: Any) -> Event:
    """A version, by a principal."""
    return event(number, "published", 1, actor=actor, **more)


def why(law: Law) -> list[tuple[int, str]]:
    """The unlawful events, and why."""
    return [(each.event, each.why) for each in law.unlawful]


def test_before_the_first_record_everything_is_lawful(signed: Signed) -> None:
    """It is vouched for by the root key: the record's signature covers the chain up to it."""
    events = [signed.link(published(1, "eve"), None), signed.record(2)]
    law = Law().follow(events, STORE)
    assert (law.unlawful, law.set_by, law.roots) == ((), 2, (signed.keys.public("root"),))
    assert law.record is not None
    assert law.seal is not None
    assert law.seal.event == 2


@pytest.mark.parametrize(
    ("made", "by", "expected"),
    [
        (published(2), "ann", None),
        (published(2), None, "it is not signed"),
        (published(2), "bea", "its signature is that of no key of this principal"),
        (published(2, "eve"), "eve", "no principal has this name"),
        (published(2, "bea"), "bea", "the access record does not allow it"),
        (event(2, "promoted", 1, actor="bea"), "bea", None),
        (event(2, "promoted", 1, actor="bea", set="opens"), "bea", "the access record does not"),
        (event(2, "of a later release", actor="bea", set="opens"), "bea", None),
        (event(2, "token_created", actor="ann", set=""), "ann", "the access record does not"),
    ],
)
def test_an_event_is_lawful_by_its_principals_rights_and_key(
    signed: Signed, made: Event, by: str | None, expected: str | None
) -> None:
    """All three: a known name, a right in that set, a signature of one of its keys."""
    law = Law().follow([signed.record(1), signed.link(made, by)], STORE)
    if expected is None:
        assert law.unlawful == ()
        assert law.seal is not None
        assert law.seal.event == 2
        return
    ((number, reason),) = why(law)
    assert number == 2
    assert reason.startswith(expected)
    assert law.stopped == ({made.set} if made.set else set())
    assert law.seal is not None
    assert law.seal.event == 1


def test_a_signature_is_over_one_digest_of_one_store(signed: Signed) -> None:
    """That of another event, or of another store, is none."""
    good = signed.link(published(2), "ann")
    other = good._replace(digest="f" * 64)
    assert why(Law().follow([signed.record(1), other], STORE))
    foreign = Law().follow([signed.record(1), good], "t" * 32)
    assert foreign.record == NOBODY
    assert [number for number, _ in why(foreign)] == [1, 2]


def test_a_record_is_signed_by_a_root_key_of_the_one_before(signed: Signed) -> None:
    """Another one counts for nothing, and the record before stays in force."""
    usurped = Law().follow([signed.record(1), signed.record(2, "eve", "eve")], STORE)
    assert why(usurped) == [(2, "it is not signed by a root key of the record before")]
    assert (usurped.set_by, usurped.roots) == (1, (signed.keys.public("root"),))
    handed_on = Law().follow([signed.record(1), signed.record(2, "root", "new")], STORE)
    assert handed_on.unlawful == ()
    assert handed_on.record is not None
    assert handed_on.record.root == (signed.keys.public("new"),)


def test_a_first_record_that_is_spoilt_ends_all_rights(signed: Signed) -> None:
    """Else spoiling its signature would end the law."""
    law = Law().follow([signed.record(1, "eve"), signed.link(published(2), "ann")], STORE)
    assert law.record == NOBODY == AccessRecord(())
    assert [number for number, _ in why(law)] == [1, 2]
    assert law.seal is None
    unread = event(1, "access_set", set="", details={"record": {"root": [1]}})
    assert why(Law().follow([signed.link(unread, "root")], STORE)) == [
        (1, "its access record cannot be read")
    ]


def test_followed_in_steps_it_is_the_same(signed: Signed) -> None:
    """However the log is cut."""
    links = [
        signed.record(1),
        signed.link(published(2), "ann"),
        signed.link(published(3), "bea"),
        signed.link(published(4), "ann"),
        signed.record(5),
    ]
    whole = Law().follow(links, STORE)
    for cut in range(1, len(links)):
        assert Law().follow(links[:cut], STORE).follow(links[cut:], STORE) == whole
    assert whole.seal is not None
    assert whole.seal.event == 2


def test_what_a_seal_covers_is_not_checked_again(signed: Signed) -> None:
    """Only by the very same signatures: another seal is as none; rights are looked at anyway."""
    links = [signed.record(1), signed.link(published(2), "ann")]
    seal = Law().follow(links, STORE).seal
    spoilt = [links[0], links[1]._replace(signature="spoilt")]
    assert why(Law().follow(spoilt, STORE, checked=seal)) == [
        (2, "its signature is that of no key of this principal")
    ]
    forbidden = [links[0], signed.link(published(2, "bea"), "bea")]
    sealed = Law().follow(links, STORE, checked=seal)
    assert sealed == Law().follow(links, STORE)
    assert why(Law().follow(forbidden, STORE, checked=seal))


def test_what_a_contract_did_not_let_happen_is_unlawful(signed: Signed) -> None:
    """With the reason of whoever looked at the contract; a forbidden one keeps its own."""
    links = [
        signed.record(1),
        signed.link(published(2), "ann"),
        signed.link(published(3, "eve"), "eve"),
    ]
    law = Law().follow(links, STORE, unapproved={2: "too few approvals", 3: "too few approvals"})
    assert why(law) == [(2, "too few approvals"), (3, "no principal has this name")]


def test_a_reader_relies_on_a_root_key(signed: Signed) -> None:
    """One that signed some record of this log; without a record there is none to rely on."""
    law = Law().follow([signed.record(1)], STORE)
    assert code_of(lambda: law.check(signed.keys.public("root"))) is None
    assert code_of(lambda: law.check(None)) is None
    assert code_of(lambda: law.check(signed.keys.public("ann"))) == "no_access_record"
    assert code_of(lambda: Law().check(signed.keys.public("root"))) == "no_access_record"


def test_what_is_said_of_an_unlawful_event() -> None:
    """Its set stays where it was; one about the store counts for nothing."""
    move = Unlawful(7, SET, 2, "promoted", "eve", "it is not signed")
    assert move.text() == (
        "event 7 (promoted by eve): it is not signed; closes stays at what was before it"
    )
    token = Unlawful(8, "", None, "token_created", "eve", "why")
    assert token.text().endswith("it counts for nothing")
    assert is_record(event(1, "access_set", set=""))
    assert not is_record(event(1, "access_set"))
    assert not is_record(event(1, "token_created", set=""))
