"""Numbers and names as people read them."""

from __future__ import annotations

import math
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.render.wording import (
    cells,
    count,
    cut,
    did_you_mean,
    first_line,
    not_computed,
    number,
    numbers,
    percent,
    percent_range,
    texts,
    times,
    toml_key,
    toml_text,
    visible,
    visible_html,
)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (None, "–"),
        (0.0, "0 %"),
        (1e-9, "<0.01 %"),
        (0.0043, "0.43 %"),
        (0.125, "12.5 %"),
        (0.99999, ">99.9 %"),
        (1.0, "100 %"),
    ],
)
def test_shares_are_never_rounded_to_all_or_nothing(share: float | None, text: str) -> None:
    """Some is not none, and nearly all is not all."""
    assert percent(share) == text


def test_two_shares_are_a_range() -> None:
    """Both ends in the words of one share."""
    assert percent_range(0.03, 0.125) == "3.00 % to 12.5 %"


@pytest.mark.parametrize(
    ("x", "text"),
    [(None, "–"), (1234.567, "1,234.57"), (12345678.9, "12,345,679"), (1.2e-9, "1.2e-09")],
)
def test_numbers_have_six_digits(x: float | None, text: str) -> None:
    """Thousands stand apart; whole millions keep all their digits."""
    assert number(x) == text


def test_ratios_come_from_their_logarithm() -> None:
    """Also one that no double holds."""
    assert times(None) == "–"
    assert times(math.log(1.25)) == "×1.25"
    assert times(2000.0) == "×1e+869"


def test_one_key_and_more_keys() -> None:
    """The noun has its plural."""
    assert [count(n, "key") for n in (0, 1, 1200)] == ["0 keys", "1 key", "1,200 keys"]


def test_reasons_are_said_once() -> None:
    """Each reason of a column stands once, in order."""
    reasons = {"g": "overflow", "r": "degenerate_scale", "mean": "overflow"}
    assert not_computed("p", reasons) == (
        "p: not everything can be computed (degenerate_scale, overflow)"
    )


def test_hidden_characters_are_shown() -> None:
    """What draws nothing or turns the direction is written out; joiners of emoji stay."""
    assert visible("a\nb\u202ec") == "a\\u{a}b\\u{202e}c"
    assert visible("Müller 👩\u200d🚀") == "Müller 👩\u200d🚀"


def test_long_texts_are_cut() -> None:
    """An ellipsis stands for the rest and counts."""
    assert cut("abcdef", 6) == "abcdef"
    assert cut("abcdefg", 6) == "abcde…"


def test_wide_characters_take_two_columns() -> None:
    """And a combining one takes none."""
    assert [cells(text) for text in ("abc", "日本", "e\u0301")] == [3, 4, 1]


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(-1e-6, 1e-6))
def test_what_differs_looks_different(old: float, share: float) -> None:
    """Old and new read the same exactly where they are equal, also where they differ by little."""
    new = old + old * share
    if math.isfinite(new):
        first, second = numbers(old, new)
        assert (first == second) == (old == new)


@pytest.mark.parametrize(
    ("old", "new", "texts"),
    [
        (0.5, 0.25, ("0.5", "0.25")),
        (1.1, 1.1000001, ("1.1", "1.1000001")),
        (1234567.1, 1234567.2, ("1,234,567.1", "1,234,567.2")),
        (1e9, 1e9 + 1, ("1,000,000,000", "1,000,000,001")),
        (-0.0, 0.0, ("0", "0")),
        (1e-9, 1.0000001e-9, ("1e-09", "1.0000001e-09")),
        (None, math.inf, ("–", "inf")),
    ],
)
def test_old_and_new(old: float | None, new: float | None, texts: tuple[str, str]) -> None:
    """Six digits, or as many more as tell them apart."""
    assert numbers(old, new) == texts


def test_the_nearest_name() -> None:
    """A name that is near is offered, whatever its case; none for one that is far."""
    assert did_you_mean("chrun", ["churn", "closes"]) == " (did you mean 'churn'?)"
    assert did_you_mean("SCORE", ["score"]) == " (did you mean 'score'?)"
    assert did_you_mean("x", ["score"]) == ""


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("a", "b", ("a", "b")),
        ("a ", "a", ("'a '", "'a'")),
        ("caf\u00e9", "cafe\u0301", (r"'caf\xe9'", r"'cafe\u0301'")),
        ("5\u00a0kg", "5 kg", (r"'5\xa0kg'", "'5 kg'")),
        ("same", "same", ("same", "same")),
        ("x" * 30 + "a", "x" * 30 + "b", ("…xxxxxa", "…xxxxxb")),
        ("x" * 30, "x" * 30 + "b", ("…xxxxx", "…xxxxxb")),
    ],
)
def test_texts_that_differ_look_different(old: str, new: str, shown: tuple[str, str]) -> None:
    """What cannot be seen is written out, and of long texts the place where they part is shown."""
    assert texts(old, new, 10) == shown


def test_integers_that_are_one_double_differ_by_their_change() -> None:
    """Beyond 2^53 the doubles are equal, and the change says what is not."""
    big = float(2**53)
    assert numbers(big, big, -1.0) == ("9.0072e+15", "9.0072e+15 − 1")
    assert numbers(big, big, 2.0) == ("9.0072e+15", "9.0072e+15 + 2")
    assert numbers(1.0, 2.0, 1.0) == ("1", "2")


@pytest.mark.parametrize(
    "text", ["a\x1b]0;t\x07\x9b2J\x7f", "\u202e\u2066\u200b", "\U000e0041", "日本\n"]
)
def test_toml_shows_what_it_holds(text: str) -> None:
    """A text in TOML is the same when it is read, and nothing in it turns or hides."""
    written = toml_text(text)
    assert tomllib.loads(f"a = {written}") == {"a": text}
    assert visible(written) == written


def test_pages_say_what_hides_as_references() -> None:
    """To a browser a page is the same; to a terminal it has no character that turns or hides."""
    assert visible_html("<p>\u2068a\u2069\n\u00e9\x07</p>") == (
        "<p>&#x2068;a&#x2069;\n\u00e9&#x7;</p>"
    )
    assert visible_html("<p>plain</p>\n") == "<p>plain</p>\n"


@pytest.mark.parametrize(
    ("message", "line"),
    [("one\ntwo", "one"), ("\n  two \n", "two"), ("", "ValueError"), (" \n", "ValueError")],
)
def test_an_errors_first_line_says_something(message: str, line: str) -> None:
    """Lines without a word are passed over; where none has one, the error's type is said."""
    assert first_line(ValueError(message)) == line


@given(st.text(min_size=1))
def test_a_name_is_a_key_of_toml(name: str) -> None:
    """Whatever is in it, TOML reads the name back; a plain one has no quotes."""
    assert tomllib.loads(f"{toml_key(name)} = 1") == {name: 1}
    assert toml_key("shop_1-a") == "shop_1-a"
