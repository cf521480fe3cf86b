"""The keys that a contract's domain asks for, and the checks that compare them with the keys that
are there.
"""

import polars as pl

from estimates.contract.columns import parse_key_part
from estimates.contract.conform import key_schema
from estimates.contract.contract import Contract, OpenDomain
from estimates.contract.domain import FileDomain, RollingDomain
from estimates.errors import InvalidError
from estimates.gate.candidate import Candidate


def domain_keys(contract: Contract, candidate: Candidate) -> pl.DataFrame | None:
    """Every key of the domain, typed and in key order of columns; None for an open domain.

    product: the combinations of the listed values; rolling: those × the targets that the version
    records; file: the listed keys. Raises InvalidError (`no_targets`, `no_domain_file`) when the
    candidate does not say.
    """
    domain = contract.domain
    if isinstance(domain, OpenDomain):
        return None
    if isinstance(domain, FileDomain):
        if candidate.domain_keys is None:
            raise InvalidError(
                "no_domain_file", f"the listed keys of {domain.file} are not at hand"
            )
        return candidate.domain_keys.select(list(contract.key)).unique()
    values = {name: list(listed) for name, listed in domain.values.items()}
    if isinstance(domain, RollingDomain):
        assert contract.target is not None
        values[contract.target] = list(_targets(domain, candidate))
    keys = pl.DataFrame({"": [0]})
    types = key_schema(contract)
    for name, column in contract.key.items():
        parts = pl.Series(
            name, [parse_key_part(column.type, str(v)) for v in values[name]], dtype=types[name]
        )
        keys = keys.join(parts.to_frame(), how="cross")
    return keys.drop("")


def _targets(domain: RollingDomain, candidate: Candidate) -> tuple[str, ...]:
    targets = candidate.provenance.targets if candidate.provenance else ()
    if len(targets) != domain.steps:
        raise InvalidError(
            "no_targets",
            f"the version records {len(targets)} targets, the contract's domain has "
            f"{domain.steps} steps",
        )
    return targets
