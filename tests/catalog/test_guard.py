"""The guard of a catalog: which key may append what, before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from estimates.catalog import guard as guard_module
from estimates.catalog.guard import Guard, guard_of, no_key
from estimates.catalog.law import Law, Unlawful
from estimates.catalog.records import LogHead
from estimates.catalog.seal import Link, Seal
from estimates.errors import EstimatesError
from estimates.principals.private_key import load_key
from tests.builders import SET, code_of
from tests.catalog.histories import event
from tests.principals.signed import Keys

MAY = {"ann": {"publish": ("clo*",)}, "bea": {"promote": ("*",)}}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """Keys of a folder."""
    return Keys(Path(tmp_path_factory.mktemp("keys")))


def guard(keys: Keys, name: str, root: str | None = None) -> Guard:
    """The guard of somebody."""
    return Guard(lambda: load_key(keys.file(name)), root)


def law_of(keys: Keys) -> Law:
    """A law in force."""
    return Law(keys.record(MAY), 1, (keys.public("root"),))


def test_a_key_may_what_its_principal_may(keys: Keys) -> None:
    """In the sets of the right, under its own name; the message names the right."""
    law = law_of(keys)
    ann = guard(keys, "ann")
    assert code_of(lambda: ann.check(law, "published", SET)) is None
    assert code_of(lambda: ann.check(law, "published", SET, "ann")) is None
    for kind, name, actor in (
        ("published", "opens", None),
        ("promoted", SET, None),
        ("token_created", "", None),
        ("published", SET, "bea"),
    ):
        assert code_of(lambda k=kind, n=name, a=actor: ann.check(law, k, n, a)) == "not_allowed"
    with pytest.raises(EstimatesError, match=r"ann lacks the right `promote` in closes"):
        ann.check(law, "promoted", SET)
    with pytest.raises(EstimatesError, match=r"`tokens` for the store as a whole"):
        ann.check(law, "token_created", "")
    with pytest.raises(EstimatesError, match="is that of ann, and the event would be that of bea"):
        ann.check(law, "published", SET, "bea")


def test_an_unknown_key_may_nothing(keys: Keys) -> None:
    """And without an access record no key is asked for at all."""
    eve = guard(keys, "eve")
    assert code_of(lambda: eve.check(law_of(keys), "published", SET)) == "unknown_principal"
    assert code_of(lambda: Guard().check(Law(), "published", SET)) is None
    assert code_of(lambda: Guard().check(law_of(keys), "published", SET)) == "no_key"
    assert code_of(no_key) == "no_key"


def test_an_access_record_is_for_a_root_key(keys: Keys) -> None:
    """Of the record in force; of the first one for a key that it names itself."""
    record = keys.record(MAY, root="root")
    first = event(1, "access_set", set="", details={"record": record.details()})
    check = "access_set", ""
    assert code_of(lambda: guard(keys, "root").check(law_of(keys), *check)) is None
    assert code_of(lambda: guard(keys, "ann").check(law_of(keys), *check)) == "not_allowed"
    assert code_of(lambda: guard(keys, "root").check(Law(), *check, None, first)) is None
    assert code_of(lambda: guard(keys, "ann").check(Law(), *check, None, first)) == "not_allowed"
    assert code_of(lambda: guard(keys, "root").check(Law(), *check)) == "not_allowed"


def test_nothing_is_written_after_an_unlawful_event(keys: Keys) -> None:
    """By nobody; the remedy names the event to go back to."""
    move = Unlawful(7, SET, 2, "promoted", "eve", "it is not signed")
    law = Law(keys.record(MAY), 1, (keys.public("root"),), (move,))
    for name, kind in (("ann", "published"), ("root", "access_set")):
        with pytest.raises(EstimatesError, match="recover --until 6") as refused:
            guard(keys, name).check(law, kind, "")
        assert refused.value.code == "unauthorised_move"


def test_a_root_key_that_one_relies_on_has_to_have_signed(keys: Keys) -> None:
    """Also where the store has no record any more."""
    relying = guard(keys, "ann", keys.public("root"))
    assert code_of(lambda: relying.check(law_of(keys), "published", SET)) is None
    assert code_of(lambda: relying.check(Law(), "published", SET)) == "no_access_record"
    text = "ed25519:short"
    assert code_of(lambda: guard_of(keys.file("ann"), None, text)) == "bad_key_text"
    assert guard_of(keys.file("ann"), None, None).key.public == keys.public("ann")


def test_events_have_the_principals_name(keys: Keys) -> None:
    """The user's where there is no record, or no key that it knows."""
    assert guard(keys, "ann").actor(law_of(keys), "user") == "ann"
    assert guard(keys, "eve").actor(law_of(keys), "user") == "user"
    assert Guard().actor(law_of(keys), "user") == "user"
    assert guard(keys, "ann").actor(Law(), "user") == "user"


class Kept:
    """Seals in memory."""

    def __init__(self, seal: Seal | None = None) -> None:
        self.seal = seal
        self.written: list[int] = []

    def read(self) -> Seal | None:
        """The one there is."""
        return self.seal

    def write(self, seal: Seal) -> None:
        """Remember which one was written."""
        self.written.append(seal.event)


def test_a_seal_is_kept_after_many_events(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not after each: what was checked since the last one is cheap."""
    monkeypatch.setattr(guard_module, "KEPT_EVERY", 3)
    store, ann, root = "s" * 32, load_key(keys.file("ann")), load_key(keys.file("root"))
    details = {"record": keys.record(MAY).details()}
    events = [event(1, "access_set", set="", details=details)]
    events += [event(n, "published", 1) for n in range(2, 8)]
    links = []
    for each in events:
        digest = f"{each.id:064x}"
        key = root if each.id == 1 else ann
        message = f"estimates event 1\n{store}\n{digest}\n".encode()
        links.append(Link(each, digest, key.sign(message)))
    watching, law = guard(keys, "ann"), Law()
    watching.seals = kept = Kept()
    for link in links:
        law = watching.follow(law, [link], LogHead(store, link.event.id, link.digest))
    assert law.unlawful == ()
    assert kept.written == [3, 6]
    assert watching.end_of(SET) is None
    again = guard(keys, "ann")
    again.seals = sealed = Kept(law.seal)
    again.follow(Law(), links, LogHead(store, 7, links[-1].digest))
    assert sealed.written == []


def test_the_first_unlawful_event_of_a_set_is_its_end(keys: Keys) -> None:
    """Each set has its own."""
    watching = guard(keys, "ann")
    moves = [(5, "opens"), (7, SET), (9, SET)]
    unlawful = tuple(Unlawful(n, name, 1, "promoted", "eve", "why") for n, name in moves)
    law = Law(keys.record(MAY), 1, (), unlawful)
    watching.follow(law, [], LogHead("s", 9, ""))
    assert [watching.end_of(name) for name in (SET, "opens", "highs")] == [7, 5, None]
