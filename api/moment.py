"""Answers about all that a view holds, and not about one version."""

from __future__ import annotations

from api.representation import Representation, of_content
from estimates import instants
from estimates.catalog import View


def of_view(view: View, content: object) -> Representation:
    """An answer from a view, with its moment."""
    found = of_content(content)
    found.headers["estimates-as-of"] = instants.text(view.moment)
    return found
