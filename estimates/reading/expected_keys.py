"""Which keys a version had to have: what the domain lists, and what time allows."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from math import prod

from estimates.catalog.records import Version
from estimates.contract.domain import OpenDomain, ProductDomain, RollingDomain
from estimates.keys.key_form import KeyForm


def is_expected(form: KeyForm, version: Version, parts: Sequence[str]) -> bool:
    """Whether a version had to have a key, given as text.

    With a rolling domain when its window of targets contains the key's; with another dated target
    when its data do not reach it; without one always.
    """
    domain = form.contract.domain
    if isinstance(domain, RollingDomain):
        return form.is_listed(parts) and form.target(parts)[0] in version.provenance.targets
    return is_ahead(form, version.data_through, parts)


def due_versions(
    form: KeyForm, versions: Iterable[Version], parts: Sequence[str], having: Collection[int]
) -> set[int]:
    """The numbers of the versions that had to have a key, out of some, oldest first.

    having  the numbers of those that have it
    An open domain does not say from when on there is a key: from the first version that has it.
    """
    expected = [version.version for version in versions if is_expected(form, version, parts)]
    if isinstance(form.contract.domain, OpenDomain):
        first = next((place for place, number in enumerate(expected) if number in having), None)
        return set() if first is None else set(expected[first:])
    return set(expected)


def is_ahead(form: KeyForm, data_through: datetime, parts: Sequence[str]) -> bool:
    """Whether a key's target lies after what a run could see; True where no target is dated."""
    return not _is_dated(form) or form.target(parts)[1] > data_through


def expected_rows(
    form: KeyForm, versions: Iterable[Version], prefix: Sequence[str] = ()
) -> int | None:
    """How many estimates versions had to have together, under a leading part of the key given as
    text.

    None where the domain does not list its keys.
    """
    if not isinstance(form.contract.domain, ProductDomain | RollingDomain):
        return None
    return sum(_count(form, version, prefix) for version in versions)


def _count(form: KeyForm, version: Version, prefix: Sequence[str]) -> int:
    names, target = list(form.contract.key), form.contract.target
    parts = [
        _targets(form, version) if name == target else form.listed[i] or ()
        for i, name in enumerate(names)
    ]
    if not all(part in values for part, values in zip(prefix, parts, strict=False)):
        return 0
    return prod(len(values) for values in parts[len(prefix) :])


def _targets(form: KeyForm, version: Version) -> Collection[str]:
    """The targets that a version had to have."""
    if isinstance(form.contract.domain, RollingDomain):
        return version.provenance.targets
    place = list(form.contract.key).index(form.contract.target or "")
    listed = form.listed[place] or ()
    if not _is_dated(form):
        return listed
    return [text for text in listed if form.target([""] * place + [text])[1] > version.data_through]


def _is_dated(form: KeyForm) -> bool:
    target = form.contract.target
    return target is not None and form.contract.key[target].type != "integer"
