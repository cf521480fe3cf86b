"""Settings: one Struct, read from the environment once; the only place of the library that reads
the environment.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import re
from collections.abc import Mapping
from functools import cache as once
from pathlib import Path

import msgspec

# What connections to a bucket know; see `network_settings`.
_NETWORK = (
    "allow_http",
    "allow_invalid_certificates",
    "connect_timeout",
    "proxy_ca_certificate",
    "proxy_excludes",
    "proxy_url",
    "read_timeout",
    "root_certificate",
    "timeout",
)


_PATHS = {"access", "cache", "key", "store"}
# Variables whose values are secrets, by their names.
_SECRET = re.compile(
    r"(PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIALS?|API_?KEY|ACCESS_KEY|PRIVATE_KEY"
    r"|SECRET_KEY|SIGNING_KEY|WEBHOOK|WEBHOOK_URL|ESTIMATES_NOTIFY)$",
    re.IGNORECASE,
)


class Settings(msgspec.Struct, frozen=True):
    """Where the store is and who acts. In a path `~` is the user's home.

    store    ESTIMATES_STORE    folder or s3://bucket/prefix; default `./estimates-store`
    catalog  ESTIMATES_CATALOG  SQLAlchemy URL of the catalog; default SQLite in the store's folder
    cache    ESTIMATES_CACHE    folder for lookup files of this machine; default `{store}/cache` for
             a folder
    actor    who acts, for the event log: the user of the operating system, whatever variables say
    claimed  ESTIMATES_ACTOR    on whose behalf, noted beside the actor; default nobody's
    key           ESTIMATES_KEY           file of the key that signs what one does; default
                                          `~/.config/estimates/key.pem`
    key_password  ESTIMATES_KEY_PASSWORD  of that file, where it is encrypted
    root_key      ESTIMATES_ROOT_KEY      public root key that has to have signed the store's access
                                          record; default: whichever did first
    access   ESTIMATES_ACCESS   who may read over HTTP: `anyone`, `tokens` or a TOML file; default
             anyone
    token    ESTIMATES_TOKEN    what is sent to a service, so that it knows who asks
    notify         ESTIMATES_NOTIFY         URL that is told what is decided; default nobody is
    notify_secret  ESTIMATES_NOTIFY_SECRET  one secret or more to sign notifications with; default
                   none
    """

    store: str = "estimates-store"
    catalog: str | None = None
    cache: str | None = None
    actor: str = "unknown"
    claimed: str | None = None
    key: str | None = None
    key_password: str | None = None
    root_key: str | None = None
    access: str | None = None
    token: str | None = None
    notify: str | None = None
    notify_secret: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read the ESTIMATES_* variables; an empty one counts as unset."""
        named = {name: f"ESTIMATES_{name.upper()}" for name in cls.__struct_fields__}
        named["claimed"] = named.pop("actor")
        fields = {name: environment[var] for name, var in named.items() if environment.get(var)}
        for name in _PATHS & fields.keys():  # a shell expands what is not quoted; a unit does not
            fields[name] = os.path.expanduser(fields[name])
        return cls(actor=system_user(), **fields)


def default_cache(folder: Path | None, root: str) -> Path:
    """Where read files of a store go: into its folder; for a bucket, or a folder that may not be
    written, into the user's cache, or where there is none into a folder of this process.
    """
    if folder is not None:
        cache = folder / "cache"
        if os.access(cache if cache.exists() else folder, os.W_OK) or not folder.exists():
            return cache
    name = hashlib.sha256(root.encode()).hexdigest()[:16]
    try:
        cache = Path.home() / ".cache" / "estimates" / name
        cache.mkdir(parents=True, exist_ok=True)
        if os.access(cache, os.W_OK):
            return cache
    except (OSError, RuntimeError):  # no home, or one that may not be written
        pass
    return _cache_of_process(name)


@once
def _cache_of_process(name: str) -> Path:
    # rarely needed, and every program reads settings
    import atexit
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix=f"estimates-{name}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def default_key() -> Path:
    """Where a person's key is unless they say so."""
    try:
        home = Path.home()
    except RuntimeError:  # there is none
        home = Path()
    return Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "estimates" / "key.pem"


def network_settings(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What the environment says of connections to a bucket: AWS_ALLOW_HTTP, AWS_PROXY_URL and the
    others of `_NETWORK`, for Google and Azure with their prefixes.

    obstore reads them itself, but only where a program says nothing of connections.
    """
    return {
        name: environment[variable]
        for prefix in ("AWS", "GOOGLE", "AZURE")
        for name in _NETWORK
        if environment.get(variable := f"{prefix}_{name.upper()}")
    }


def allowed_modules(environment: Mapping[str, str] = os.environ) -> tuple[str, ...] | None:
    """ESTIMATES_MODULES: the modules and packages whose code contracts may name, separated by
    commas; None where it is not set: any. `none` allows none.
    """
    names = _words(environment.get("ESTIMATES_MODULES"))
    return () if names == ("none",) else names or None


def allowed_hosts(environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """ESTIMATES_HOSTS: the hosts and buckets from which inputs of contracts may be fetched, such as
    `data.example.com,*.example.org,s3://sales`; `*` is any. Where it is not set: none.
    """
    return _words(environment.get("ESTIMATES_HOSTS"))


def secret_values(environment: Mapping[str, str] = os.environ) -> list[str]:
    """The values of variables that are secrets, as their names say: `…_PASSWORD`, `…_TOKEN`,
    `…_SECRET`, `…_API_KEY` and the like.
    """
    return [value for name, value in environment.items() if _SECRET.search(name)]


def _words(text: str | None) -> tuple[str, ...]:
    return tuple((text or "").replace(",", " ").split())


def system_user() -> str:
    """The user of this process: `getpass` would take the word of variables such as LOGNAME."""
    try:
        import pwd
    except ModuleNotFoundError:  # Windows
        return getpass.getuser()
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container without a passwd entry
        return f"user {os.geteuid()}"
