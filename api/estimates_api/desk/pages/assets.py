"""The style sheet, the script and the icon of all pages."""

from __future__ import annotations

from typing import Annotated

from litestar import get
from litestar.params import PathParameter
from litestar.types import ASGIApp

from estimates.errors import NotFoundError
from estimates_api.access.route_access import OPT
from estimates_api.desk.desk_page import (
    CSS,
    CSS_NAME,
    DOCS_SCRIPT,
    DOCS_SCRIPT_NAME,
    ICON_NAME,
    SCRIPT,
    SCRIPT_NAME,
    SECURITY,
)
from estimates_api.http.representation import IMMUTABLE, Compressible, content_tag

_ICON = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
    b'<path fill="#5b8fc7" d="M1 13h3V8H1zm5 0h3V3H6z"/>'
    b'<path fill="#e07b39" d="M11 13h3V6h-3z"/></svg>'
)
_FILES = {
    CSS_NAME: (CSS, "text/css; charset=utf-8", IMMUTABLE),
    DOCS_SCRIPT_NAME: (DOCS_SCRIPT, "text/javascript; charset=utf-8", IMMUTABLE),
    SCRIPT_NAME: (SCRIPT, "text/javascript; charset=utf-8", IMMUTABLE),
    ICON_NAME: (_ICON, "image/svg+xml", "public, max-age=86400"),
}


@get("/desk/{name:str}", opt={OPT: "anybody"}, include_in_schema=False)
async def asset(name: Annotated[str, PathParameter(name="name")]) -> ASGIApp:
    """A file that pages link to; the name of the style sheet is made of its content.

    Raises NotFoundError (`no_route`).
    """
    if name not in _FILES:
        raise NotFoundError(
            "no_route",
            f"there is no file {name[:80]!r} of the desk",
            remedy="the desk begins at /desk",
        )
    body, media_type, cache = _FILES[name]
    return Compressible(
        body,
        etag=content_tag(body),
        media_type=media_type,
        headers=SECURITY | {"cache-control": cache, "vary": "accept-encoding"},
    )


ROUTES = [asset]
