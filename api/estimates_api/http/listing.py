"""Answers about a whole view, and the link to the next page (RFC 8288)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from estimates import instants
from estimates.catalog.view import View
from estimates_api.http.compression import Compressible
from estimates_api.http.representation import JSON, as_json, content_tag


def of_view(
    view: View, content: object, media_type: str = JSON, vary: str = "accept-encoding"
) -> Compressible:
    """An answer from a view, with its moment; `content` is its body or what is encoded as JSON."""
    body = as_json(content)
    headers = {"estimates-as-of": instants.text(view.moment), "vary": vary}
    return Compressible(body, etag=content_tag(body), media_type=media_type, headers=headers)


def next_link(query: Mapping[str, object], **following: object) -> str:
    """The link to the next page: the parameters of this page that are not None, then `following`.

    It is relative to the request's URL: right behind a proxy too, under any name of the service.
    """
    parameters = {name: value for name, value in query.items() if value is not None} | following
    return f'<?{urlencode(parameters, quote_via=quote)}>; rel="next"'
