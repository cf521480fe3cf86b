"""Answers about all that a view holds, and not about one version."""

from __future__ import annotations

import msgspec

from estimates import instants
from estimates.catalog.view import View
from estimates_api.http.compression import Compressible
from estimates_api.http.representation import Representation, content_tag


def of_view(view: View, content: object) -> Representation:
    """An answer from a view, with its moment; lists may be large."""
    body = msgspec.json.encode(content)
    headers = {"estimates-as-of": instants.text(view.moment), "vary": "accept-encoding"}
    return Compressible(body, etag=content_tag(body), headers=headers)
