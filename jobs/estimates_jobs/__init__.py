"""What runs offline.

cli/          the command line, a command each
run/          one run of a job: inputs, the job, each step on record
builtin/      jobs that are here: forecasts and drift of the example, loading a table
tables/       files, databases and lakes as frames
scaffold/     a set made from a table: `estimates new`
hub/          files and pull requests of forecast hubs
attribution/  why estimates moved: `diff --why`
notify/       who hears of what happened
tracking/     the record in MLflow, events of lineage
demo/         the week that `just demo` plays
time_limit    a call that ends in time, of MLflow and of receivers
"""
