"""The bill of materials of a lock in CycloneDX, the same bytes for the same lock.

`python -m proof.audit.bill TARGET`, in .venv-audit: it reads what belongs into the bill as JSON
from standard input, and checks what it wrote against the schema of CycloneDX.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

ROOT = "estimates-store"


def bill_of(content: dict[str, Any]) -> str:
    """The bill as JSON; raises ValueError where it is none by the schema.

    content  `version` of the root; `locked`: the fields of `Locked`, with `licence`; `digest` of
             the lock, from which the bill has its serial number
    """
    root = Component(name=ROOT, version=content["version"], type=ComponentType.APPLICATION)
    root.bom_ref.value = ROOT
    components = [_component(each) for each in content["locked"]]
    bom = Bom(components=components, serial_number=uuid5(NAMESPACE_URL, content["digest"]))
    bom.metadata.component = root
    by_name: dict[str, list[Component]] = defaultdict(list)
    by_name[ROOT] = [root]
    for component in components:
        by_name[component.name].append(component)
    needs: dict[Component, list[Component]] = {each: [] for each in (root, *components)}
    for locked, component in zip(content["locked"], components, strict=True):
        for needed_by in locked["needed_by"]:
            for parent in by_name[needed_by]:
                needs[parent].append(component)
    for parent, needed in needs.items():
        bom.register_dependency(parent, needed)
    written = json.loads(JsonV1Dot6(bom).output_as_string())
    del written["metadata"]["timestamp"]
    text = json.dumps(written, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if fault is not None:
        raise ValueError(f"not a bill by the schema of CycloneDX: {fault}")
    return text


def _component(locked: dict[str, Any]) -> Component:
    name, version = locked["name"], locked["version"]
    marker = [Property(name="marker", value=locked["marker"])] if locked["marker"] else []
    return Component(
        name=name,
        version=version,
        type=ComponentType.LIBRARY,
        bom_ref=f"{name}=={version}",
        purl=PackageURL("pypi", None, name, version),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=each) for each in locked["hashes"]],
        licenses=[LicenseFactory().make_from_string(locked["licence"])],
        properties=marker,
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(bill_of(json.load(sys.stdin)), encoding="utf-8")
