"""How to go on: the Link header of a page (RFC 8288)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode


def next_link(query: Mapping[str, object], **following: object) -> str:
    """The link to the next page: the parameters of this one, without those that are None, and what
    follows.

    Relative to the URL that was asked, which is right behind a proxy too, whatever it calls this
    service.
    """
    parameters = {name: value for name, value in query.items() if value is not None} | following
    return f'<?{urlencode(parameters, quote_via=quote)}>; rel="next"'
