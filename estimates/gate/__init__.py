"""The gate: which version may be promoted, and why not. `docs/gate.md` lists the checks.

candidate   what is judged, and what it is compared with; past: what the set's promoted versions say
case        what a check sees; check: what a check is, and what it may find
registry    the list of checks; custom: those that a contract adds
integrity, content, intervals, coverage, times    the checks of the candidate alone, by topic
change, moves, uncertainty, classes, order, history    those against the baseline
outcomes    those with actual values; waivers: exceptions
lot         rows that speak against a candidate, named or as a table; cells, moved: those that break
            a rule, those that changed against the baseline; offenders: all of them as a table;
            compared: what can be taken from the stability report; repeats: values that a column has
            more than once
domain      the keys that a contract asks for
profiles    where limits start from; policy: the limits in force in a set; in_force: the same as a
            table
judgement   runs the checks and adds up the verdict
verdict     the answer, and its complete rendering in JSON
text, markdown, junit, github    its renderings: for a terminal, a comment, a CI server, annotations
                                 of a commit
"""
