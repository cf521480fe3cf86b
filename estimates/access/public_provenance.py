"""What everybody who reads a whole set is told of where its versions come from: names, digests and
counts; not the values of a job's parameters, and not where its inputs lie.

Whoever may `provenance` is told all of it.
"""

from __future__ import annotations

from pathlib import PurePath, PureWindowsPath
from typing import Any

import msgspec

from estimates.catalog.records import InputDigest, Provenance

HIDDEN = "hidden"


def public_provenance(provenance: Provenance) -> Provenance:
    """The same with `hidden` in place of each value of a parameter, and of the source of each input
    that is no set.
    """
    return msgspec.structs.replace(
        provenance,
        parameters=dict.fromkeys(provenance.parameters, HIDDEN),
        inputs=tuple(map(_input, provenance.inputs)),
    )


def public_contract(contract: dict[str, Any]) -> dict[str, Any]:
    """A contract, as JSON, likewise: parameters, sources and queries of its job's inputs, and the
    folder on this machine of the file that lists its keys. The SQL of its checks is a promise by
    which clients judge, and stays.
    """
    shown = dict(contract)
    if job := contract.get("job"):
        parameters = dict.fromkeys(job.get("parameters", ()), HIDDEN)
        inputs = {name: _spec(spec) for name, spec in job.get("inputs", {}).items()}
        parts = {"parameters": parameters, "inputs": inputs}
        shown["job"] = job | {name: part for name, part in parts.items() if part}
    domain = contract.get("domain", {})
    if "file" in domain and _is_whole(domain["file"]):
        shown["domain"] = domain | {"file": PureWindowsPath(domain["file"]).name}
    return shown


def _is_whole(path: str) -> bool:
    whole = PurePath(path).is_absolute() or PureWindowsPath(path).is_absolute()
    return whole or path.startswith("~") or "://" in path


def _input(source: InputDigest) -> InputDigest:
    return source if source.set is not None else msgspec.structs.replace(source, source=HIDDEN)


def _spec(spec: dict[str, Any]) -> dict[str, Any]:
    if "set" in spec:
        return spec
    # one of the two, as in every input that is no database
    where = "source" if "source" in spec else "query"
    shown = {name: part for name, part in spec.items() if name not in ("source", "query")}
    return {where: HIDDEN, **shown}
