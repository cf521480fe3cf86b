"""Who may come in, and what each may read.

admission     who asks: token, cookie or JWT; before anything is routed
issuer        JWTs of an identity provider
request_quota  how often somebody may ask on a day
request_rate  how often somebody may ask
route_access  what a route is about, and whether a principal may read that
shown_provenance  who is told all of where versions come from
shown_keys    what answers about a whole set say of keys, for readers of some
"""
