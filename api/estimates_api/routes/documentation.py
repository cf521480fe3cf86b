"""The page that shows the OpenAPI document: one file of ours, nothing loaded from elsewhere."""

from __future__ import annotations

from pathlib import Path

from litestar import get
from litestar.types import ASGIApp

from estimates_api.access.route_access import OPT
from estimates_api.http.representation import Representation, entity_tag

_PAGE = Path(__file__).with_name("documentation.html").read_bytes()
_POLICY = (
    "default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
)


@get("/docs", opt={OPT: "anybody"}, include_in_schema=False)
async def docs() -> ASGIApp:
    """A page that shows the OpenAPI document and tries its routes."""
    headers = {"content-security-policy": _POLICY}
    return Representation(
        _PAGE, etag=entity_tag("docs"), media_type="text/html; charset=utf-8", headers=headers
    )


@get("/openapi.json", opt={OPT: "anybody"}, include_in_schema=False)
async def openapi_json() -> ASGIApp:
    """Where tools look for the OpenAPI document."""
    return Representation(b"", status=308, headers={"location": "schema/openapi.json"})


ROUTES = [docs, openapi_json]
