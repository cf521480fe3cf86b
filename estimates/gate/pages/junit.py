"""The verdict as JUnit XML, which every CI server reads: a test case a check.

A check that fails is a failure, one that could not be evaluated an error; skipped and waived checks
are skipped tests, whose message says why. JUnit knows no warnings: such a test passes, and its
output tells. What a check measured stands in the properties of its test case.
"""

from xml.etree.ElementTree import Element, ElementTree, SubElement, indent, tostring

from estimates import instants
from estimates.gate.pages.verdict_text import headline, section, subject
from estimates.gate.verdict import CheckResult, Verdict
from estimates.render.wording import visible

_MEASURED = (
    "title",
    "status",
    "message",
    "value",
    "unit",
    "warn",
    "block",
    "worse",
    "n",
    "coverage",
    "offending",
)
_KINDS = {"fail": "failure", "error": "error", "skipped": "skipped", "waived": "skipped"}


def render_junit(verdict: Verdict) -> bytes:
    """The verdict as one test suite, UTF-8; without times, for a verdict has none but `judged_at`,
    a property.

    Control and other invisible characters in keys and values, most of which XML forbids, are shown
    as `\\u{…}`.
    """
    kinds = [_KINDS.get(result.status) for result in verdict.checks]
    numbers = {
        "tests": str(len(kinds)),
        "failures": str(kinds.count("failure")),
        "errors": str(kinds.count("error")),
        "skipped": str(kinds.count("skipped")),
    }
    root = Element("testsuites", {"name": "estimates gate", **numbers})
    suite = SubElement(root, "testsuite", {"name": visible(subject(verdict)), **numbers})
    _properties(suite, _bound_to(verdict))
    for result in verdict.checks:
        _add_case(suite, verdict, result)
    indent(ElementTree(root))
    return tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def render_unreadable(set_name: str, source: str, code: str, message: str) -> bytes:
    """A suite whose only test failed: what was to be judged cannot be read."""
    numbers = {"tests": "1", "failures": "1", "errors": "0", "skipped": "0"}
    root = Element("testsuites", {"name": "estimates gate", **numbers})
    suite = SubElement(root, "testsuite", {"name": visible(f"{set_name} {source}"), **numbers})
    case = SubElement(
        suite, "testcase", {"classname": visible(f"{set_name}.input"), "name": "readable input"}
    )
    attributes = {"message": visible(message), "type": code}
    SubElement(case, "failure", attributes).text = visible(f"{source} was not judged: {message}")
    indent(ElementTree(root))
    return tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def _add_case(suite: Element, verdict: Verdict, result: CheckResult) -> None:
    names = {
        "classname": visible(f"{verdict.set}.stage {result.stage}"),
        "name": visible(f"{result.number} {result.name}"),
    }
    case = SubElement(suite, "testcase", names)
    _properties(case, _measured(result))
    kind = _KINDS.get(result.status)
    lines = "\n".join(section(result, verdict))
    if kind == "skipped":
        SubElement(case, kind, {"message": visible(_why_skipped(result))})
    elif kind is not None:
        attributes = {"message": visible(result.message), "type": result.status}
        SubElement(case, kind, attributes).text = lines
    if result.status in ("warn", "waived"):
        SubElement(case, "system-out").text = lines


def _why_skipped(result: CheckResult) -> str:
    return result.reason or "" if result.status == "skipped" else f"waived: {result.message}"


def _bound_to(verdict: Verdict) -> dict[str, object]:
    """What the verdict is bound to."""
    baseline = verdict.baseline
    return {
        "verdict": headline(verdict),
        "outcome": verdict.outcome,
        "set": verdict.set,
        "version": verdict.version,
        "snapshot_id": verdict.snapshot_id,
        "baseline": verdict.against,
        "baseline_snapshot_id": baseline and baseline.snapshot_id,
        "contract_revision": verdict.contract_revision,
        "policy": verdict.policy,
        "waivers": verdict.waivers,
        "actuals": verdict.actuals,
        "judged_at": instants.text(verdict.judged_at),
        "code": verdict.code,
    }


def _measured(result: CheckResult) -> dict[str, object]:
    """What the check measured, and its limits."""
    return {name: getattr(result, name) for name in _MEASURED}


def _properties(parent: Element, values: dict[str, object]) -> None:
    """Names and values; what is null or empty is left out."""
    element = SubElement(parent, "properties")
    for name, value in values.items():
        if value not in (None, ""):
            SubElement(element, "property", {"name": name, "value": visible(str(value))})
