"""The read service: Litestar over `estimates`; see docs/http.md.

app             puts it together: `create_app`
sets, versions, estimates, history, diff, events, health, documentation   one file per resource
follower        the view of the catalog that requests read, kept fresh off the request path
question        what a request asks: ref, as_of, shape; and the headers of its answer
parameters      the parameters of paths and queries, and how their text is read
representation  a finished answer: bytes, caching headers, 304
problems        errors as application/problem+json
bodies          what the JSON answers look like
"""
