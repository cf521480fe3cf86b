"""httpx as both clients use it: the URL of a service, timeouts, requests and replies."""

from __future__ import annotations

from typing import Any

import httpx

from estimates.client.plans import Reply, Request, Unreached
from estimates.errors import InvalidError

TIMEOUT_S = 30.0
CONNECT_TIMEOUT_S = 3.0
PATIENCE_S = 15.0

# Nothing was answered, or not to its end, and the next attempt may find another connection or a
# started server.
_RETRIED = (httpx.NetworkError, httpx.RemoteProtocolError, httpx.ConnectTimeout)


def service_url(url: str) -> str:
    """The URL of a service, without a slash at its end; raises InvalidError (`bad_url`)."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise InvalidError("bad_url", f"{url!r} is not a URL: {error}") from None
    if parsed.scheme not in ("http", "https") or not parsed.host or parsed.query or parsed.fragment:
        raise InvalidError(
            "bad_url", f"{url!r} is not the URL of a service; write http://127.0.0.1:8000"
        )
    return url.rstrip("/")


def timeout(seconds: float) -> httpx.Timeout:
    """Seconds for each part of an exchange; connecting takes at most CONNECT_TIMEOUT_S."""
    return httpx.Timeout(seconds, connect=min(seconds, CONNECT_TIMEOUT_S))


def arguments(request: Request) -> dict[str, Any]:
    """A request as arguments of httpx."""
    return {
        "method": request.method,
        "url": request.url,
        "headers": request.headers,
        "content": request.body,
    }


def reply(response: httpx.Response) -> Reply:
    """A response of httpx as a reply."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Reply(response.status_code, headers, response.content)


def unreached(error: httpx.RequestError) -> Unreached:
    """Why no reply came."""
    reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Unreached(reason, retry=isinstance(error, _RETRIED))
