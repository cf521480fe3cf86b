"""The read service: Litestar over `estimates`; docs/http.md is its reference.

app        puts it together: `create_app`
server     its workers: limited, replaced, stopped; `python -m estimates_api.server`
waiting_app  answers while a worker in another's place cannot open the store
fast_path  the plainest lookups, answered before the framework
routes/    one resource a file
http/      parameters, negotiation, headers, bodies, problems
access/    who asks, and what each may read
desk/      pages for people
serving/   following the catalog, computing reports, counting requests
"""
