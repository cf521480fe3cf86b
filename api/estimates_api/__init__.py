"""The read service: Litestar over `estimates`; see docs/http.md.

app             puts it together: `create_app`
sets, versions, data, estimates, history, diff, events, health, metrics, documentation   one file
per resource
follower        the view of the catalog that requests read, kept fresh off the request path
targets         what aliases point to: opened, tried again, and what stands in meanwhile
streams         server-sent events; tallies: what all workers have counted; moment: answers about a
                whole view
question        what a request asks: ref, as_of, shape; and the headers of its answer
parameters      the parameters of paths and queries, and how their text is read
negotiation     which media type an answer has; tables writes it, links says how to go on
representation  a finished answer: bytes, caching headers, 304
compression     of large answers
pieces          an answer sent piece by piece; ranges: the part of it that was asked for
threads         where files are read and large bodies written
problems        errors as application/problem+json
bodies          what the JSON answers look like
"""
