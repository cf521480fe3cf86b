"""Signing in with a token, which becomes a cookie that no script can read; signing out."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, QueryParameter
from litestar.types import ASGIApp

from estimates import instants
from estimates.access.principal import Principal
from estimates.errors import RefusedError
from estimates_api.access.admission import COOKIE, SIGN_IN, SIGN_OUT, Admission
from estimates_api.access.route_access import OPT
from estimates_api.desk.desk_page import OF_PROBLEM, SECURITY, DeskPage, desk_page
from estimates_api.http.representation import HTML, header
from estimates_api.http.url_text import ReadRequest

_SEE_OTHER = 303
NextPage = Annotated[str, QueryParameter(name="next", description="The page to go on to.")]


class SignInForm(msgspec.Struct):
    """What the form sends: a token, and the page that was asked for."""

    token: str = ""
    next: str = "/"


@desk_page(SIGN_IN, about="anybody")
async def sign_in_page(request: ReadRequest, next_page: NextPage = "/") -> ASGIApp:
    """The form, for a service that wants to know who reads."""
    return DeskPage(request).draw("sign_in.html", next_page=_local(next_page), refused=None)


@post(SIGN_IN, opt={OPT: "anybody"}, include_in_schema=False)
async def sign_in(
    request: ReadRequest,
    data: Annotated[SignInForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[bytes]:
    """Keep the token in a cookie and go on; show the form again where the token does not count."""
    _refuse_other_sites(request)
    admission: Admission | None = request.app.state.admission
    secret, next_page = data.token.strip(), _local(data.next)
    try:
        principal = None if admission is None else admission.principal_of(secret)
    except RefusedError as error:
        body = DeskPage(request).written("sign_in.html", next_page=next_page, refused=error.message)
        headers = SECURITY | OF_PROBLEM | {"cache-control": "no-store"}
        return Response(body, status_code=403, media_type=HTML, headers=headers)
    response = Response(b"", status_code=_SEE_OTHER, headers={"location": f".{next_page}"})
    if principal is not None:
        _keep(request, response, secret, principal)
    return response


@post(SIGN_OUT, opt={OPT: "anybody"}, include_in_schema=False)
async def sign_out(request: ReadRequest) -> Response[bytes]:
    """Forget the token."""
    _refuse_other_sites(request)
    response = Response(b"", status_code=_SEE_OTHER, headers={"location": SIGN_IN[1:]})
    response.delete_cookie(COOKIE)
    return response


def _refuse_other_sites(request: ReadRequest) -> None:
    """No other site's page signs somebody out, or in with a token of its own: browsers say whose
    form it is.
    """
    if header(request.scope, b"sec-fetch-site") in (b"cross-site", b"same-site"):
        raise RefusedError(
            "not_permitted", "the form is one of another site", remedy="open /sign-in"
        )


def _keep(
    request: ReadRequest, response: Response[bytes], secret: str, principal: Principal
) -> None:
    """Set the cookie: for no script, for no other site, and where it was sent encrypted, never in
    clear.
    """
    forwarded = header(request.scope, b"x-forwarded-proto")
    encrypted = request.scope["scheme"] == "https" or forwarded == b"https"
    until = principal.expires_at
    response.set_cookie(
        COOKIE,
        secret,
        httponly=True,
        samesite="strict",
        secure=encrypted,
        max_age=None if until is None else int((until - instants.now()).total_seconds()),
    )


def _local(page: str) -> str:
    """A page of the desk to go on to: never another site's, whatever a link says."""
    safe = page.startswith("/") and not page.startswith(("//", "/\\")) and page.isprintable()
    return page if safe and page.isascii() else "/"


ROUTES = [sign_in_page, sign_in, sign_out]
