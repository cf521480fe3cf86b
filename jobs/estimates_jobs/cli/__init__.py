"""The command line: `estimates --help`. Each command is a module of its name.

start      the program `estimates`: says which extra it needs where packages are missing
entry      runs a command and turns errors into exit codes
commands   the list of commands; each is imported when it is used
gate       `estimates gate` as a group whose command is `judge` unless another one is named; its
           commands are gate_judge, gate_policy, gate_suggest, gate_backtest
diff       with diff_tables (files as tables), diff_output (pages and changes), diff_why
publish    with publish_batch (a history)
hub, token groups: hub_check; token_create, token_list, token_revoke
score      with score_output (single keys, means by columns, models beside each other)
stability  with stability_frozen (the keys that stand still)
interface  what every command has: options, exit codes, notifications
output     what commands print
"""
