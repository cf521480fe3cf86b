"""An event of the log in a few words."""

from __future__ import annotations

from estimates.catalog.approval_requests import ApprovalRequest
from estimates.catalog.records import Event
from estimates.gate.open_requests import act_text
from estimates.render.wording import count


def event_text(event: Event) -> str:
    """What happened, in a few words."""
    details = event.details
    version = "all versions" if event.version is None else f"version {event.version}"
    by = (
        f", as {details['asked_by']} asked"
        if "request" in details and "asked_by" in details
        else ""
    )
    match event.kind:
        case "defined":
            return f"contract revision {details['revision']}, shape {details['shape']}{by}"
        case "judged":
            blocks = ", blocks" if event.blocks else ""
            return f"{version} judged: {details['outcome']}{blocks}"
        case "promoted" | "rolled_back":
            before = "" if event.from_version is None else f"{event.from_version} "
            suffix = ", held" if event.kind == "rolled_back" else ""
            how = " automatically" if event.automatic else suffix
            return f"{event.alias} {before}→ {event.version}{how}{by}"
        case "alias_removed":
            return f"{event.alias} removed, it was {event.from_version}"
        case "retired" | "unretired":
            return "retired: no new versions" if event.kind == "retired" else "in use again"
        case "published" if "released_at" in details:
            return f"{version} published, claimed release {details['released_at']}"
        case "tracked":
            return f"{version} recorded in MLflow"
        case "waived":
            keys = details["keys"]
            of_keys = "" if keys is None else f" for {count(keys, 'key')}"
            return f"{version}: {details['check']} waived until {details['until']}{of_keys}{by}"
        case "unwaived":
            return f"{version}: waiver {details['waiver']} of {details['check']} taken back"
        case "hold_placed":
            return f"{version}: legal hold placed"
        case "hold_released":
            return f"{version}: legal hold {details['hold']} released"
        case "clock_repaired":
            return f"clock repaired: events from {details['first']} on count as before this one"
        case "token_created":
            return f"token {event.id} made for {details['name']}"
        case "token_revoked":
            return f"token {details['token']} revoked"
        case "access_set":
            return f"access record of {count(len(details['record']['principals']), 'principal')}"
        case "erased":
            return f"{count(details['keys'], 'key')} erased from {version}"
        case "approval_requested":
            return f"request {event.id}: {act_text(ApprovalRequest(event, []))}"
        case "approved":
            return f"request {details['request']} approved"
        case "approval_declined":
            return f"request {details['request']} declined"
        case "scored":
            return f"{version} scored on {details['keys']:,} keys"
        case "regraded":
            return f"{version} regraded: {details['grade'].replace('_', ' ')}"
    return f"{version} {event.kind}"
