"""JWTs of an identity provider (OIDC): verified by its public keys, read by a claim."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import jwt
import msgspec
from cachetools import LRUCache
from litestar import Litestar

from estimates import instants
from estimates.access.access_rules import JwtRules
from estimates.access.principal import Principal, principal_of_words
from estimates.errors import InvalidError, RefusedError, UnavailableError
from estimates.redaction import redacted
from estimates_api.serving.background import in_background

_EVERY_S = 300.0  # keys are fetched again
_AT_ONCE_S = 10.0  # or when a JWT names an unknown one, so often at most
_TIMEOUT_S = 5.0
_START_S = 1.0  # how long an issuer that hangs keeps a worker from answering all others
_LEEWAY_S = 30.0  # between the issuer's clock and ours
_MOST_BYTES = 1_000_000  # of a set of keys
_VERIFIED = 1000  # JWTs whose signature is not looked at again
log = logging.getLogger("api")


class Issuer:
    """Knows the public keys of an identity provider."""

    def __init__(self, rules: JwtRules) -> None:
        self._rules = rules
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched = -_EVERY_S
        self._unknown_key = asyncio.Event()
        self._verified: LRUCache[str, Principal] = LRUCache(_VERIFIED)

    def principal_of(self, token: str) -> Principal:
        """Who a JWT stands for.

        Raises RefusedError (`bad_token`, `token_expired`), UnavailableError (`no_issuer`: its keys
        could not be fetched yet).
        """
        known = self._verified.get(token)
        if known is not None and instants.now() < (known.expires_at or datetime.max):
            return known
        principal = self._principal(self._claims(token))
        self._verified[token] = principal
        return principal

    def _claims(self, token: str) -> dict[str, Any]:
        rules = self._rules
        try:
            name = jwt.get_unverified_header(token).get("kid", "")
            return jwt.decode(
                token,
                self._key(name),
                algorithms=list(rules.algorithms),
                audience=rules.audience,
                issuer=rules.issuer,
                leeway=_LEEWAY_S,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.ExpiredSignatureError:
            raise RefusedError(
                "token_expired", "the JWT has expired", remedy="get a new one from its issuer"
            ) from None
        except jwt.InvalidTokenError as error:
            raise _does_not_count(str(error)) from None
        # what the library does not expect: JSON that is nested too deep, numbers that are none
        except (RecursionError, ValueError, TypeError, OverflowError):
            raise _does_not_count("it cannot be read") from None

    def _key(self, name: str) -> jwt.PyJWK:
        if not self._keys:
            self._unknown_key.set()
            raise UnavailableError(
                "no_issuer", "the issuer's keys could not be fetched yet", remedy="retry"
            )
        if name not in self._keys:
            self._unknown_key.set()
            raise jwt.InvalidTokenError("its key is not among the issuer's")
        return self._keys[name]

    def _principal(self, claims: dict[str, Any]) -> Principal:
        words: Any = claims
        for part in self._rules.claim.split("."):
            words = words.get(part) if isinstance(words, dict) else None
        if isinstance(words, str):
            words = words.split()
        # the names of an object's members grant nothing
        listed = words if isinstance(words, list) else []
        words = [word for word in listed if isinstance(word, str)]
        try:
            principal = principal_of_words(claims["sub"], words)
            until = datetime.fromtimestamp(float(claims["exp"]) + _LEEWAY_S, UTC)
        except InvalidError as error:
            raise RefusedError(
                "bad_token", f"the JWT grants nothing: {error.message}", remedy="mend its claim"
            ) from None
        except (ValueError, OverflowError, OSError):
            raise _does_not_count("it expires at no time there is") from None
        return msgspec.structs.replace(principal, expires_at=until)

    @asynccontextmanager
    async def lifespan(self, _app: Litestar) -> AsyncGenerator[None, None]:
        """Keep the keys fresh while the app runs."""
        async with in_background(self._fetch()) as fetching:
            await asyncio.wait(fetching, timeout=_START_S)
            async with in_background(self._follow()):
                yield

    async def _follow(self) -> None:
        while True:
            with suppress(TimeoutError):
                # `asyncio.wait_for` of Python 3.11 loses a cancellation that comes with the key
                async with asyncio.timeout(_EVERY_S):
                    await self._unknown_key.wait()
            await asyncio.sleep(max(0.0, self._fetched + _AT_ONCE_S - monotonic()))
            self._unknown_key.clear()
            await self._fetch()

    async def _fetch(self) -> None:
        self._fetched = monotonic()
        try:
            content = await self._content()
            keys = jwt.PyJWKSet.from_json(content.decode()).keys
            self._keys = {key.key_id or "": key for key in keys}
            self._verified.clear()  # what a key signed that was withdrawn counts no longer
        # whatever it is, the keys that were fetched before go on counting
        except Exception as error:
            log.error("%s", redacted(f"no keys of the issuer from {self._rules.jwks}: {error!r}"))

    async def _content(self) -> bytes:
        """Raises TimeoutError for a byte now and then, ValueError for more than fits."""
        if "://" not in self._rules.jwks:
            return await asyncio.to_thread(Path(self._rules.jwks).read_bytes)
        content = b""
        async with (
            asyncio.timeout(_TIMEOUT_S),
            httpx.AsyncClient(timeout=_TIMEOUT_S) as client,
            client.stream("GET", self._rules.jwks) as answer,
        ):
            answer.raise_for_status()
            async for piece in answer.aiter_bytes():
                content += piece
                if len(content) > _MOST_BYTES:
                    raise ValueError(f"more than {_MOST_BYTES} bytes")
        return content


def _does_not_count(why: str) -> RefusedError:
    return RefusedError(
        "bad_token", f"the JWT does not count: {why}", remedy="get one from the issuer"
    )
