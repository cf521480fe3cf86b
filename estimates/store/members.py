"""The sets of a family: made when something is first published to a member, revised with it."""

from collections.abc import Mapping

import polars as pl

from estimates.catalog.records import ContractRevision
from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.contract.domain import FileDomain
from estimates.contract.family import Member, member_set, member_source
from estimates.errors import GateError, InvalidError
from estimates.render.wording import count
from estimates.store.define import define
from estimates.store.open_store import OpenStore


def define_family(
    store: OpenStore, contract: Contract, source: str, domain_keys: pl.DataFrame | None = None
) -> list[ContractRevision]:
    """Register a family's contract, and then those of the members that there are.

    Gives the family's revision first. Raises what `Store.define` raises; the same call again does
    what is left. InvalidError (`bad_member`) for one that is no family any more and has members.
    """
    members = members_of(store, contract.name)
    if members and contract.family is None:
        raise InvalidError(
            "bad_member",
            f"{contract.name}: {count(len(members), 'set')}, such as "
            f"{member_set(contract.name, members[0].name)}, are its members",
            remedy="keep [family] in the contract",
        )
    check_allowed(store, contract.name)
    made = define(store, contract, source, domain_keys)
    return [made, *define_members(store, contract.name, source, domain_keys)]


def check_allowed(store: OpenStore, family: str) -> None:
    """Refuse now what registering the contracts of a family's members would refuse, so that it is
    not done in half; raises what `Guard.sign` raises.
    """
    if store.view().law.record is not None:
        for member in members_of(store, family):
            store.catalog.check_allowed("defined", member_set(member.of, member.name))


def define_members(
    store: OpenStore, family: str, source: str, domain_keys: pl.DataFrame | None
) -> list[ContractRevision]:
    """Register the contracts of the members that a family has; raises as `define_family` does,
    GateError (`approval_needed`) after all others where members that were stricter wait.
    """
    made: list[ContractRevision] = []
    waiting: GateError | None = None
    for member in members_of(store, family):
        try:
            made.append(_define(store, source, member, domain_keys))
        except GateError as error:
            waiting = error
    if waiting is not None:
        raise waiting
    return made


def members_of(store: OpenStore, family: str) -> list[Member]:
    """The members of a family that have a set, by the names of the sets."""
    sets = sorted(store.view().sets.items())
    members = [of_set.contract.member for _, of_set in sets]
    return [member for member in members if member is not None and member.of == family]


def set_of_member(
    store: OpenStore, family: str, name: str, details: Mapping[str, str] | None = None
) -> str:
    """The set of a family's member, which is registered if there is none; its name.

    details  what is known of the member; None: what was known before
    Raises NotFoundError (`unknown_set`), InvalidError (`bad_member`, also where another member's
    name differs in case alone).
    """
    view = store.view()
    own, of_family = check_member(store, family, name), view.set(family)
    known = view.sets[own].contract.member if own in view.sets else None
    member = Member(family, name, dict(details if details is not None else {}))
    if known is not None and details is None:
        member = known
    if known != member:
        keys = store.listed_keys.read(of_family.contract)
        _define(store, of_family.contracts[-1].source, member, keys)
    return own


def check_member(store: OpenStore, family: str, name: str) -> str:
    """The name of a member's set, whether there is one or not; raises InvalidError (`bad_member`)
    for one that is another's, such as that of a member whose name differs in case alone.
    """
    view, own = store.view(), member_set(family, name)
    known = view.sets[own].contract.member if own in view.sets else None
    if own in view.sets and (known is None or (known.of, known.name) != (family, name)):
        whose = f"that of {known.name!r}" if known else "no member of it"
        raise InvalidError(
            "bad_member",
            f"{family}: the set {own} is {whose}",
            remedy=f"give {name!r} another name",
        )
    return own


def _define(
    store: OpenStore, source: str, member: Member, domain_keys: pl.DataFrame | None
) -> ContractRevision:
    text = member_source(source, member)
    contract = parse_contract(text, member_set(member.of, member.name))
    keys = domain_keys if isinstance(contract.domain, FileDomain) else None
    return define(store, contract, text, keys)
