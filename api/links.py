"""How to go on: the Link header of a page (RFC 8288)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode


def next_link(query: Mapping[str, object], cursor: str) -> str:
    """The link to the next page: the same question with another cursor.

    Relative to the URL that was asked, which is right behind a proxy too, whatever it calls this service.
    """
    kept = {name: value for name, value in query.items() if name != "cursor" and value is not None}
    return f'<?{urlencode(kept | {"cursor": cursor}, quote_via=quote)}>; rel="next"'
