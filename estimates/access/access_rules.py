"""What the operator decides about access: a word, or a file in TOML."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

import msgspec

from estimates.errors import InvalidError

Readers = Literal["anyone", "tokens"]
Provenance = Literal["public", "full"]
Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]


class JwtRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """JWTs of an identity provider that count as tokens.

    jwks        its public keys: a file, or a URL that is fetched every few minutes
    issuer      what `iss` has to be; audience: what `aud` has to be, or contain
    claim       where the words stand that say what may be read, such as `realm_access.roles`;
                `access.principal` has the words
    header      in which header the JWT comes; a proxy may put it into one of its own
    algorithms  of signatures; only those with public keys
    """

    jwks: str
    issuer: str
    audience: str
    claim: str = "estimates"
    header: str = "authorization"
    algorithms: tuple[Algorithm, ...] = ("RS256", "ES256", "EdDSA")


class LimitRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What bounds requests.

    requests_per_second  of each principal, or without one of each address, to each worker; twice as
                         many may come at once. None: no bound
    requests_per_day     the same for a day in UTC; requests_per_day_of: other numbers for
                         principals by name
    hosts                the names that the service answers to; empty: any
    origins              origins whose pages may read with scripts; empty: none
    """

    requests_per_second: float | None = None
    requests_per_day: int | None = None
    requests_per_day_of: dict[str, int] = {}
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()


class UsageRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A record of who reads which sets; see `storage.usage_record`.

    days  for how long it is kept on the machine that serves
    """

    days: int = 400


class AccessRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who may read, and how often.

    readers     `anyone`, or those with one of the `tokens`
    usage       None: nothing is recorded
    provenance  what is said of where versions come from to whoever reads a whole set: `public`
                leaves out the parameters of jobs, and where their inputs lie; `full` all of it
    """

    readers: Readers = "anyone"
    jwt: JwtRules | None = None
    limits: LimitRules = LimitRules()
    usage: UsageRules | None = None
    provenance: Provenance = "public"

    @property
    def plain(self) -> bool:
        """Whether nothing has to be looked at before a request is answered."""
        return msgspec.structs.replace(self, usage=None, provenance="public") == AccessRules()


def access_rules(text: str | None) -> AccessRules:
    """The rules of a word, `anyone` or `tokens`, or of a TOML file; None: anyone.

    Raises InvalidError (`bad_access`).
    """
    if text is None or text == "anyone":
        return AccessRules()
    if text == "tokens":
        return AccessRules("tokens")
    try:
        content = tomllib.loads(Path(text).read_text(encoding="utf-8"))
        rules = msgspec.convert(content, AccessRules)
    except OSError as error:
        raise _bad(f"{text}: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise _bad(f"{text}: {error}") from None
    if rules.jwt is not None and rules.readers == "anyone":
        raise _bad(f'{text}: there is a [jwt] and readers = "anyone"')
    if rules.usage is not None and rules.usage.days < 1:
        raise _bad(f"{text}: usage.days is {rules.usage.days}")
    rate = rules.limits.requests_per_second
    if rate is not None and not rate > 0:
        raise _bad(f"{text}: limits.requests_per_second is {rate}")
    for per_day in (rules.limits.requests_per_day, *rules.limits.requests_per_day_of.values()):
        if per_day is not None and per_day < 0:
            raise _bad(f"{text}: limits.requests_per_day is {per_day}")
    return rules


def _bad(what: str) -> InvalidError:
    return InvalidError(
        "bad_access",
        what,
        remedy="access is `tokens`, `anyone` or a TOML file; docs/security.md shows one",
    )
