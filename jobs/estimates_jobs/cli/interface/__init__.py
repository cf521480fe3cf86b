"""What every command has: options, exit codes, notifications, a store to work on.

command           how a command is declared: its options, examples under its help
group             a command that consists of others
table_options     how the tables of a command are read
decisions         telling MLflow what people decided
duration          a duration as an option's value
failures          which error is which exit code
near_keys         which key may have been meant, where there is none like it
interruption      ending a run from outside, by Ctrl-C or SIGTERM
notifying         telling a receiver what a command decides
posting_deadlines telling it which deadlines were missed, or will be
new_store         making a store where there is none
server            serving a store until interrupted
"""
