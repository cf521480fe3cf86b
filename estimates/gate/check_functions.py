"""The Python functions that are checks of a set's own: their code is known by its digest before any
of it runs.
"""

import importlib
from collections.abc import Callable
from typing import Any

import msgspec

from estimates.contract.code_revision import look_here, own_sources, revision
from estimates.contract.contract import Contract
from estimates.contract.gate_policy import CustomCheck
from estimates.contract.trusted_code import check_module
from estimates.errors import InvalidError


def function_checks(contract: Contract) -> list[str]:
    """The names of the checks of a set's own that are functions, sorted."""
    custom = sorted(contract.gate.custom.items())
    return [name for name, check in custom if check.function is not None]


def code_digests(contract: Contract) -> dict[str, str]:
    """SHA-256 of the code of each check that is a function, by name of the check; left out where
    there are no sources. Nothing is imported.
    """
    custom = contract.gate.custom
    digests = {name: _digest(str(custom[name].function)) for name in function_checks(contract)}
    return {name: digest for name, digest in digests.items() if digest is not None}


def with_digests(contract: Contract) -> Contract:
    """The contract with the digest of each function's code, where it gives none and the code is
    here; a check without a digest stays one.

    Raises InvalidError (`function_changed`) where the code is another than the contract says.
    """
    pinned = dict(contract.gate.custom)
    digests = code_digests(contract)
    for name, custom in contract.gate.custom.items():
        if name in digests:
            _check_digest(custom, digests[name])
            pinned[name] = msgspec.structs.replace(custom, digest=digests[name])
    gate = msgspec.structs.replace(contract.gate, custom=pinned)
    return msgspec.structs.replace(contract, gate=gate)


def without_digest(contract: Contract) -> list[str]:
    """The names of the checks that are functions and whose code may change unnoticed, sorted."""
    custom = contract.gate.custom
    return [name for name in function_checks(contract) if custom[name].digest is None]


def loaded(custom: CustomCheck) -> Callable[..., Any]:
    """The function of a check, imported from sys.path or the working directory.

    Raises InvalidError (`bad_check`; `function_changed` where its code is not what the contract
    says), RefusedError (`module_not_allowed`).
    """
    assert custom.function is not None
    path = custom.function
    module, _, name = path.partition(":")
    check_module(module, path)
    look_here()
    if custom.digest is not None:
        _check_digest(custom, _digest(path))
    try:
        function = getattr(importlib.import_module(module), name, None)
    except ModuleNotFoundError as error:
        raise InvalidError("bad_check", f"{path}: there is no module {error.name}") from None
    if not callable(function):
        raise InvalidError("bad_check", f"{path}: the module has no such function")
    return function


def _digest(path: str) -> str | None:
    look_here()
    return revision(own_sources(path.partition(":")[0]))


def _check_digest(custom: CustomCheck, digest: str | None) -> None:
    if digest is None:
        module = str(custom.function).partition(":")[0]
        raise InvalidError("bad_check", f"{custom.function}: there is no source of module {module}")
    if custom.digest not in (None, digest):
        raise InvalidError(
            "function_changed",
            f"{custom.function}: its code is not what the contract says: digest {digest}, not "
            f"{custom.digest}",
            remedy="if the new code is right, leave digest out of the contract, or write the new "
            "one, and `estimates define` it again",
        )
