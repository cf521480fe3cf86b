"""Check `frozen`: estimates move over several versions."""

from estimates.gate.check import Check, Measure, Skip
from estimates.gate.checks.unchanged_check import claims_newer_data
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.offenders import group_of_rows


def _frozen_share(context: EvaluationContext) -> Measure:
    """The contract's `stability.frozen_after` says over how many versions estimates should move."""
    from estimates.stability.through_time.frozen import frozen_report, frozen_rows

    contract = context.contract
    after = contract.stability.frozen_after
    if after is None:
        raise Skip("not_in_contract")
    if not claims_newer_data(context):  # a second submission of a week repeats what was right
        raise Skip("same_data")
    before = context.history.frames(after - 1)
    if len(before) < after - 1:
        raise Skip("too_few_versions")
    stood = frozen_rows([*before, context.frame], contract)
    report = frozen_report(stood, contract)
    if report.frozen_share is None:
        raise Skip(report.reason or "no_comparable_keys")
    frozen = round(report.frozen_share * report.n)
    message = f"{frozen} of {report.n} keys the same in the last {report.versions} versions"
    detail = (f"the same in {report.versions} versions",)
    groups = [group_of_rows(stood.frame, context.key, stood.rows, None, detail)]
    return Measure(report.frozen_share, report.n, message, offender_groups=groups)


CHECK = Check(
    number=24,
    name="frozen",
    title="Estimates move over several versions",
    stage=3,
    measure=_frozen_share,
    purpose="estimates that nobody computes any more",
    metric="share of keys whose estimates are bit-identical in this and the last versions",
    turned_on_by="frozen_after under [stability]",
    source="stability.md K4",
    unit="share",
    warn=0.01,
    block=0.04,
    by_key=False,
)
