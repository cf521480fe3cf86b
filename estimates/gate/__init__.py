"""The gate: which version may be promoted, and why not. docs/checks.md lists the checks.

Running it
    evaluation          evaluates a candidate: every check, then the verdict
    single_result       what one check says of some keys, by its limits
    grouped_result      the same where groups of keys have limits of their own
    waived_result       what waivers make of a result that would block
    evaluation_context  what a check sees: candidate, baseline, and all that is derived from them
    candidate           what is judged, and what it is compared with
    shared_pair         both, where they share rows that need not be looked at
    production_history  what the set's promoted versions say about what is usual

Checks
    checks              one check a file
    registry            the list of checks, in the order in which they run
    check               what a check is, and what it gives back
    custom_checks       the checks that a contract adds; check_functions: their code

What checks share
    broken_rules        rows and cells that break a rule; bound_rules: bounds of a column
    domain_keys         the keys that a contract asks for
    duplicate_rows      rows with the same estimates; repeated_values: values of one column
    stored_faults       what the store says of files and records
    from_report         metrics of the stability report; changed_rows: the rows that they count
    interval_widths     widths of intervals at the same target steps
    from_accuracy       losses of the accuracy report

Limits
    limits              the limits of one check, when a value keeps them, which cannot be used
    policy              the limits in force in a set; profiles: where they start from
    policy_validation   refuses a policy that cannot be followed
    policy_table        the policy in force as a table
    fresh_start         when a version is compared with nothing: after a gap, with a season
    exceptions          other limits on some days
    active_waivers      exceptions that people made: which of them count
    loosening           what a new contract lets through that the one in force does not
    unapproved          what was done without the approvals that it took
    open_requests       what waits for approvals: by whom, and why it does not any more

Results
    verdict             the answer, and its complete rendering in JSON
    way_forward         the shortest lawful way on after a refusal
    remedies            what to do where a version is right and does not pass
    offenders           rows that speak against a candidate; offender_table: all of them
    pages               the verdict for a terminal, a comment, a CI server; docs/checks.md
"""
