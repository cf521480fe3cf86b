"""URLs from names, keys and parameters: every text percent-encoded once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from estimates import instants
from estimates.contract.columns import key_text
from estimates.errors import InvalidError

Time = datetime | str
Parameters = dict[str, Any]  # text or numbers; None is left out


def url(path: str, *parameters: Mapping[str, Any]) -> str:
    """A path with those parameters that are not None."""
    query = "&".join(
        f"{_quoted(name)}={_quoted(str(value))}"
        for group in parameters
        for name, value in group.items()
        if value is not None
    )
    return f"{path}?{query}" if query else path


def segment(text: str) -> str:
    """A path segment; raises InvalidError (`bad_path`) for an empty one, which would name another
    path.
    """
    if not text:
        raise InvalidError(
            "bad_path", "names and key parts may not be empty", remedy="give each a text"
        )
    # Dots alone are taken out of paths on the way; an encoded dot is the same name.
    return text.replace(".", "%2E") if text in (".", "..") else _quoted(text)


def key_part(name: str, part: Any) -> str:
    """A part of a key as text; raises InvalidError (`bad_key_part`) for what cannot be one in any
    set.
    """
    if part is None or isinstance(part, bool | float):
        raise InvalidError(
            "bad_key_part",
            f"{name}: {part!r} cannot be part of a key",
            remedy="give text, an integer, a date or a moment with a time zone",
        )
    if isinstance(part, datetime) and part.tzinfo is None:
        raise InvalidError(
            "bad_key_part",
            f"{name}: {part} has no time zone",
            remedy="give it one, such as tzinfo=UTC",
        )
    text = key_text(part) if isinstance(part, date) else str(part)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidError(
            "bad_key_part",
            f"{name}: {text!r} is no text: {error}",
            remedy="write it in whole characters",
        ) from None
    return text


def time_text(value: Time | None) -> str | None:
    """A time as the service reads it; raises InvalidError (`bad_time`)."""
    moment = instants.instant_of(value)
    return None if moment is None else instants.text(moment)


def comma_list(fields: Sequence[str] | None) -> str | None:
    """Names of columns as a parameter."""
    return None if fields is None else ",".join(fields)


def _quoted(text: str) -> str:
    try:
        return quote(text, safe="")
    except UnicodeEncodeError as error:
        raise InvalidError(
            "bad_parameter", f"{text!r} is no text: {error}", remedy="write it in whole characters"
        ) from None
