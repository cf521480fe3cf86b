"""The pages of the desk, one a file: a new file here is served (`app.ROUTES`).

catalogue  all sets, the worst first
set_page   a set: what it is, its versions through time, how fresh, how to read it
version    a version: where it comes from, its estimates
comparison two versions side by side
key        one key through the versions
key_search looking for a key in one set, or in all
verdict    a verdict, what fails first
production_moves  what each move of production changed
sparkline  the same as a line, for the catalogue
scores     how good the estimates were
event_log  what happened
sign_in    who reads, where the service wants to know
documentation  the routes for programs
assets     the style sheet and the icon
"""
