"""Principals: what words of a claim grant, what is visible."""

from __future__ import annotations

from estimates.access.grant import Grant
from estimates.access.principal import Principal, principal_of_words


def test_words_of_a_claim() -> None:
    """`read:` with a grant and `metrics` count; words of other services do not."""
    words = ["offline_access", "read:demand?shop=7", "read:sales", "metrics", "read:", "readable"]
    principal = principal_of_words("ann", words)
    assert principal.may == ("read", "metrics")
    assert principal.grants == (Grant("demand", "shop", ("7",)), Grant("sales"))


def test_without_the_right_to_read() -> None:
    """A principal that may not read sees no set, whatever is granted."""
    principal = Principal("prometheus", ("metrics",), (Grant(),))
    assert principal.grants_of("demand") == []
    assert not principal.reads_whole("demand")


def test_whole_beside_narrow() -> None:
    """Each grant stands for itself: a whole one is not narrowed by another."""
    narrow = Grant("demand", "shop", ("7",))
    assert not Principal("app", grants=(narrow,)).reads_whole("demand")
    assert Principal("app", grants=(narrow, Grant("demand*"))).reads_whole("demand")
    assert list(Principal("app", grants=(narrow,)).visible(["demand", "sales"])) == ["demand"]


def test_metrics_are_of_the_grants_or_of_all_sets() -> None:
    """A watcher without grants watches every set, one with grants these, one without the right
    none.
    """
    narrow = Grant("a-*", "shop", ("7",))
    assert Principal("prometheus", ("metrics",)).watches("demand")
    team = Principal("team", ("metrics",), (narrow,))
    assert (team.watches("a-x"), team.watches("demand")) == (True, False)
    assert not Principal("app", ("read",), (Grant(),)).watches("demand")


def test_provenance_and_usage_are_of_whole_sets() -> None:
    """The right alone shows nothing of a set that is read in part, nor a whole grant without it."""
    narrow, whole = Grant("demand", columns=("units",)), Grant("demand")
    sees = Principal("app", ("read", "provenance"), (narrow,))
    assert not sees.sees_provenance("demand")
    assert Principal("app", ("read", "provenance"), (whole,)).sees_provenance("demand")
    assert not Principal("app", ("provenance",), (whole,)).sees_provenance("demand")
    assert not Principal("app", ("read",), (whole,)).sees_provenance("demand")
    assert not Principal("owner", ("usage",), (narrow,)).covers_whole("demand")
    assert Principal("owner", ("usage",), (whole,)).covers_whole("demand")
    assert not Principal("owner", ("usage",), (whole,)).covers_whole("sales")
