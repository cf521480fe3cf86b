"""Who asks: looked at before anything is routed, and before the fast path."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from litestar import Response
from litestar.config.cors import CORSConfig
from litestar.types import Message, Send

from estimates import instants
from estimates.access.access_rules import AccessRules, JwtRules
from estimates.access.principal import Principal
from estimates.access.tokens import TokenBook, tokens_of
from estimates.catalog.view import View
from estimates.errors import EstimatesError, InvalidError, RefusedError, UnavailableError
from estimates.extras import needs
from estimates_api.access.request_quota import RequestQuota
from estimates_api.access.request_rate import RequestRate
from estimates_api.http.request_path import raw_path
from estimates_api.serving.follower import Follower

if TYPE_CHECKING:
    from estimates_api.access.issuer import Issuer

COOKIE = "estimates_token"
SIGN_IN, SIGN_OUT = "/sign-in", "/sign-out"
# What anybody may see: nothing of it is about a set.
_OPEN = ("/health/", "/desk/", "/docs", "/openapi.json", "/schema/", SIGN_IN, SIGN_OUT)
_SIGN_IN_FOR = ("no_token", "bad_token", "token_expired")
# What scripts of other origins may see of an answer.
_EXPOSED = ["etag", "link", "estimates-version", "estimates-as-of", "estimates-stale"]
_VARY = b"accept, accept-encoding, origin"
_NOBODY = Principal("", may=())


class Admission:
    """Says who asks, and keeps to the limits.

    rules   what the operator decided
    issuer  of JWTs; None without one
    """

    def __init__(self, rules: AccessRules, follower: Follower) -> None:
        self.rules = rules
        self.issuer = None if rules.jwt is None else _issuer(rules.jwt)
        self._follower = follower
        self._book: tuple[int, TokenBook] = (-1, TokenBook([]))
        rate = rules.limits.requests_per_second
        self._rate = None if rate is None else RequestRate(rate)
        per_day, of = rules.limits.requests_per_day, rules.limits.requests_per_day_of
        self._quota = RequestQuota(per_day, of) if per_day is not None or of else None
        self._hosts = {host.lower().encode() for host in rules.limits.hosts}

    @property
    def closed(self) -> bool:
        """Whether those who read need a token."""
        return self.rules.readers == "tokens"

    @property
    def lifespans(self) -> list[Any]:
        """What has to run while the app does."""
        return [] if self.issuer is None else [self.issuer.lifespan]

    @property
    def cors(self) -> CORSConfig | None:
        """Which other origins' pages may read; None: none."""
        origins = list(self.rules.limits.origins)
        if not origins:
            return None
        headers = ["authorization", "content-type", "if-none-match"]
        return CORSConfig(
            allow_origins=origins,
            allow_methods=["GET", "HEAD", "POST"],
            allow_headers=headers,
            expose_headers=_EXPOSED,
        )

    def admit(self, scope: Any, send: Send) -> Send:
        """Let a request in: its scope gets the `principal`, None where anybody may read. Gives what
        its answer is sent with.

        Raises InvalidError (`unknown_host`), RefusedError (`no_token`, `bad_token`,
        `token_expired`), UnavailableError (`too_many_requests`, `quota_spent`, `no_issuer`).
        """
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        counted = not path.startswith("/health/")  # those who watch the service are not counted
        if self._hosts and counted:
            self._check_host(scope)
        principal = _NOBODY if self.closed else None
        opens = path.startswith(_OPEN) or scope["method"] == "OPTIONS"
        if self.closed and not opens:
            try:
                principal = self.principal_of(secret_of(scope), _header(scope, self._jwt_header()))
            except EstimatesError:
                self._count(scope, None)  # guesses are requests of their address
                raise
        scope["principal"] = principal
        if counted:
            self._count(scope, principal)
        if self.rules.limits.origins:
            if _header(scope, b"origin") is not None:
                scope["cross_origin"] = True
            send = _for_origin(send)
        return _privately(send) if self.closed else send

    def principal_of(self, secret: str | None, jwt: str | None = None) -> Principal:
        """Who a secret or a JWT stands for.

        Raises RefusedError (`no_token`, `bad_token`, `token_expired`), UnavailableError
        (`no_issuer`).
        """
        token = None if secret is None else self._tokens().token_of(secret)
        if token is not None:
            if instants.now() >= token.expires_at:
                raise RefusedError(
                    "token_expired",
                    f"the token {token.name} expired at {instants.text(token.expires_at)}",
                    remedy="ask the operator for a new one",
                )
            return token.principal
        if self.issuer is not None:
            jwt = _bearer(jwt) or jwt or secret
            if jwt is not None and jwt.count(".") == 2:
                return self.issuer.principal_of(jwt)
        if secret is None and jwt is None:
            raise RefusedError(
                "no_token",
                "this service wants to know who asks",
                remedy="send `Authorization: Bearer TOKEN` (the command line sends the value of "
                "ESTIMATES_TOKEN), or in a browser open /sign-in",
            )
        raise RefusedError(
            "bad_token",
            "the token is not known, or was revoked",
            remedy="ask the operator for a new one: `estimates token create`",
        )

    def still_admits(self, scope: Any) -> bool:
        """Whether who asked once may still read: answers may last for days."""
        if not self.closed:
            return True
        try:
            self.principal_of(secret_of(scope), _header(scope, self._jwt_header()))
        except UnavailableError:
            return True
        except EstimatesError:
            return False
        return True

    def _count(self, scope: Any, principal: Principal | None) -> None:
        """Raises UnavailableError (`too_many_requests`, `quota_spent`)."""
        if self._rate is None and self._quota is None:
            return
        name = principal.name if principal else ""
        key = f"by {name}" if name else (scope.get("client") or ("",))[0]
        if self._rate is not None:
            self._rate.take(key)
        if self._quota is not None:
            self._quota.take(name, key)

    def _jwt_header(self) -> bytes | None:
        header = None if self.rules.jwt is None else self.rules.jwt.header.lower()
        return None if header in (None, "authorization") else header.encode()

    def _tokens(self) -> TokenBook:
        """The tokens of the newest view."""
        view: View = self._follower.view
        number = len(view.of_store)
        if number != self._book[0]:
            self._book = number, TokenBook(tokens_of(view.of_store).values())
        return self._book[1]

    def _check_host(self, scope: Any) -> None:
        hosts = [host.lower().encode() for host in _values(scope, b"host")]
        host = hosts[0] if len(hosts) == 1 else b""  # of two a proxy may have looked at the other
        if host not in self._hosts and host.rpartition(b":")[0] not in self._hosts:
            raise InvalidError(
                "unknown_host",
                "the service does not answer to the name in Host",
                remedy="the operator lists its names under limits.hosts",
            )


def sign_in_instead(request: Any, error: EstimatesError) -> Response[bytes] | None:
    """A browser that asks for a page without a token that counts is shown where to sign in."""
    try:
        page = raw_path(request.scope)
    except EstimatesError:
        page = "/"
    asks_page = "text/html" in request.headers.get("accept", "") and not page.startswith("/v1/")
    if error.code not in _SIGN_IN_FOR or not asks_page:
        return None
    query = request.scope["query_string"].decode("latin-1")
    wanted = quote(f"{page}?{query}" if query else page, safe="/")
    # relative, as all links of pages: the service may stand below a path of a proxy
    location = f"{'../' * (page.count('/') - 1)}{SIGN_IN[1:]}?next={wanted}"
    return Response(b"", status_code=303, headers={"location": location})


def _privately(send: Send) -> Send:
    """Sends answers that no cache shared by several people may keep."""
    return _changed(send, b"cache-control", lambda value: value.replace(b"public", b"private"))


def _for_origin(send: Send) -> Send:
    """Sends answers that say to caches that they depend on the origin, also those to no other
    origin, and on their form still where the framework says that they depend on the origin alone.
    """

    def of_origin(value: bytes) -> bytes:
        if value == b"Origin":
            return _VARY
        return value if b"origin" in value.lower() else value + b", origin"

    async def send_on(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [*message["headers"]]
            if not any(name == b"vary" for name, _ in headers):
                message["headers"] = [*headers, (b"vary", b"origin")]
        await send(message)

    return _changed(send_on, b"vary", of_origin)


def _changed(send: Send, header: bytes, change: Callable[[bytes], bytes]) -> Send:
    async def send_changed(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                (name, change(value) if name == header else value)
                for name, value in message["headers"]
            ]
        await send(message)

    return send_changed


def _issuer(rules: JwtRules) -> Issuer:
    with needs("oidc"):
        from estimates_api.access.issuer import Issuer
    return Issuer(rules)


def secret_of(scope: Any) -> str | None:
    """The secret of a request: behind `Bearer` in Authorization, else in the desk's cookie.

    Raises RefusedError (`bad_token`) where there are two: a proxy may have looked at the other.
    """
    sent = list(_values(scope, b"authorization"))
    cookies = [part.strip() for value in _values(scope, b"cookie") for part in value.split(";")]
    own_cookies = [cookie for cookie in cookies if cookie.startswith(f"{COOKIE}=")]
    if len(sent) > 1 or len(own_cookies) > 1:
        raise RefusedError(
            "bad_token", "the request has two tokens", remedy="send Authorization or a cookie once"
        )
    secret = _bearer(sent[0]) if sent else None
    if secret is None and own_cookies:
        secret = own_cookies[0].partition("=")[2]
    return secret


def _bearer(value: str | None) -> str | None:
    scheme, _, secret = (value or "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" and secret.strip() else None


def _header(scope: Any, name: bytes | None) -> str | None:
    return next(_values(scope, name), None)


def _values(scope: Any, name: bytes | None) -> Iterator[str]:
    return (value.decode("latin-1") for header, value in scope["headers"] if header == name)
