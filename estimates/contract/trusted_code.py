"""What a contract may bring with it: modules that are code, and addresses that are fetched; both
only as far as the operator of this machine allows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from estimates.contract.job_inputs import is_database
from estimates.errors import RefusedError
from estimates.settings import allowed_hosts, allowed_modules

# Parameters of a database's URL by which drivers find another server than the one in its place.
_ELSEWHERE = ("host", "hostaddr", "server", "dsn", "odbc_connect", "service", "unix_socket")
_FILES = ("duckdb", "sqlite")  # databases that are files
_PLAIN = re.compile(r"[\w.:/-]+")
_OF_OPERATOR = ("file", "iceberg")  # files, and catalogs that this machine's settings name


def check_module(module: str, where: str) -> None:
    """Refuse to load a module that ESTIMATES_MODULES does not name, nor a package around it; raises
    RefusedError (`module_not_allowed`).
    """
    allowed = allowed_modules()
    if allowed is None or any(f"{module}.".startswith(f"{name}.") for name in allowed):
        return
    raise RefusedError(
        "module_not_allowed",
        f"{where}: the module {module} is not loaded, because ESTIMATES_MODULES does not name it",
        remedy="whoever runs this machine adds it there, if its code may run here",
    )


def check_address(source: str, where: str) -> None:
    """Refuse to fetch what a contract names from a host, or a bucket, that ESTIMATES_HOSTS does not
    name; files of this machine are free. Raises RefusedError (`host_not_allowed`).
    """
    allowed = allowed_hosts()
    refused = [host for host in _hosts(source) if not _is_allowed(host, allowed)]
    if refused:
        is_plain = _PLAIN.fullmatch(refused[0]) is not None  # nothing that a shell would read
        all_hosts = ",".join([*allowed, refused[0]])
        raise RefusedError(
            "host_not_allowed",
            f"{where}: {source}: nothing is fetched from {refused[0]}, because ESTIMATES_HOSTS "
            "does not name it",
            remedy=f"if contracts may: export ESTIMATES_HOSTS={all_hosts}"
            if is_plain
            else "if contracts may, whoever runs this machine adds it to ESTIMATES_HOSTS",
        )


def _hosts(source: str) -> Iterator[str]:
    """The hosts that a source is fetched from: `data.example.com`, `s3://bucket`."""
    if "://" not in source:
        return
    address = urlsplit(source)
    kind = address.scheme.partition("+")[0].lower()
    if kind in _OF_OPERATOR:
        return
    if kind in _FILES:
        if address.path.lstrip("/").startswith(("md:", "motherduck:")):
            yield "md:"
        return
    if is_database(source):
        options = parse_qs(address.query)
        yield from (value for name in _ELSEWHERE for value in options.get(name, ()))
    if kind in ("http", "https") or is_database(source):
        if address.hostname:
            yield address.hostname
    else:
        yield f"{kind}://{address.netloc.rpartition('@')[2]}"


def _is_allowed(host: str, allowed: tuple[str, ...]) -> bool:
    return any(
        name in ("*", host) or (name.startswith("*.") and host.endswith(name[1:]))
        for name in allowed
    )
