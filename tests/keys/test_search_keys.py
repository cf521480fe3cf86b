"""Many keys as they are looked for, at once and one by one."""

from __future__ import annotations

from bisect import bisect_right

from estimates.keys.search_keys import WIDEST, SearchKeys, array_of


def test_places_are_those_of_a_search_one_by_one() -> None:
    """For some of the keys, in any order: how many keys sort before each or are it; longer ones
    than those that are searched among, too.
    """
    sorted_keys = [b"a\0", b"aa\0", b"b\0", b"bb\0", b"d\0"]
    wanted = SearchKeys.of([(key, b"{") for key in (b"bb\0", b"a\0", b"aaa\0", b"e\0", b"\0")])
    among = array_of(sorted_keys)
    assert among is not None
    assert wanted.places(among, wanted.numbers).tolist() == [
        bisect_right(sorted_keys, search) for search in wanted.searches
    ]
    some = wanted.take([3, 0])
    assert (len(some), list(some)) == (2, [(b"e\0", b"{"), (b"bb\0", b"{")])


def test_keys_that_are_too_long_are_searched_one_by_one() -> None:
    """There is no array of them."""
    assert array_of([b"a\0", b"a" * (WIDEST + 1)]) is None
