"""A verdict: what fails first, with limits, values and keys, and what to do next."""

from __future__ import annotations

from litestar.types import ASGIApp

from estimates.gate.pages import verdict_text
from estimates.gate.remedies import remedy
from estimates.gate.verdict import CheckResult, Verdict
from estimates.gate.way_forward import way_lines
from estimates_api.desk.check_history import check_histories
from estimates_api.desk.desk_page import DeskPage, desk_page
from estimates_api.desk.links import answer_path
from estimates_api.http.bodies import SetDetail, VersionDetail, VersionList
from estimates_api.http.parameters import AsOf, PathRef, SetName
from estimates_api.http.url_text import ReadRequest

_BEFORE = 12  # versions whose verdicts are drawn beside this one
_OWNERS = 12  # parts of keys that are named
_ORDER = ("fail", "error", "warn", "waived", "pass", "skipped")


@desk_page("/sets/{set:str}/verdicts/{ref:str}")
async def verdict(
    request: ReadRequest, set_name: SetName, ref: PathRef, as_of: AsOf = None
) -> ASGIApp:
    """The newest verdict of a version."""
    page = DeskPage(request, as_of)
    at = None if ref.isdigit() else page.as_of
    detail = await page.get(VersionDetail, answer_path(set_name, "versions", ref), as_of=at)
    of_set = await page.get(SetDetail, answer_path(set_name), as_of=page.as_of)
    stored = await page.get(
        Verdict, answer_path(set_name, "versions", str(detail.version), "verdict")
    )
    before = await _earlier(page, set_name, detail.version)
    notable = verdict_text.notable_results(stored)
    quiet = [result for result in stored.checks if result not in notable]
    return page.draw(
        "verdict.html",
        set=of_set,
        v=detail,
        verdict=stored,
        headline=verdict_text.headline(stored),
        requests=[request for request in of_set.requests if request.version == detail.version],
        notable=notable,
        quiet=sorted(quiet, key=lambda result: _ORDER.index(result.status)),
        limits=verdict_text.limits_text,
        legend_of=verdict_text.legend_of,
        waiver_lines=verdict_text.waiver_lines,
        remedy=remedy,
        way=way_lines(stored),
        owners=_owners,
        histories=check_histories(stored, before),
        previous=before[-1] if before else None,
        turned=_turned(stored, before[-1]) if before else [],
    )


def _owners(result: CheckResult) -> str:
    """The first parts of the keys of all offenders that are named: `: AAPL, MSFT, …`."""
    keys = (offender.key for offender in result.offenders if offender.key)
    owners = list(dict.fromkeys(key[0] for key in keys if len(key) > 1))
    rest = len(owners) > _OWNERS or result.offending > len(result.offenders)
    named = [*owners[:_OWNERS], *(["…"] if rest else [])]
    return f": {', '.join(named)}" if owners else ""


async def _earlier(page: DeskPage, name: str, version: int) -> list[Verdict]:
    """The verdicts of the versions before one, oldest first."""
    listed = await page.get(
        VersionList, answer_path(name, "versions"), cursor=str(version), limit=_BEFORE
    )
    judged = [v.version for v in reversed(listed.versions) if v.blocks is not None]
    return [
        await page.get(Verdict, answer_path(name, "versions", number, "verdict"))
        for number in judged
    ]


def _turned(verdict: Verdict, before: Verdict) -> list[tuple[CheckResult, CheckResult]]:
    """The checks that say something else than in another verdict: what they said, what they say."""
    earlier = {result.name: result for result in before.checks}
    return [
        (earlier[result.name], result)
        for result in verdict.checks
        if result.name in earlier and earlier[result.name].status != result.status
    ]


ROUTES = [verdict]
