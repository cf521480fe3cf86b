"""The command line: `estimates --help`.

start      the program `estimates`: says which extra it needs where packages are missing
entry      runs a command and turns errors into exit codes
commands   the list of commands; each is imported when it is used
command    what all commands share: `--store`, `--format`, `--debug`, examples under the help
failures   one place that says which error is which exit code
show       tables, JSON and progress on a terminal or in a pipe
requests   curl lines that work on a store
notifying  telling a receiver what a command decided; the command notify
standing   how a set stands: age, cadence, production, holds
gating     `estimates gate` as a group whose command is `judge` unless another one is named

setting_up, producing, deciding, calibrating, reading, comparing, watching, keeping, serving   the
commands, by topic
"""
