"""Who may read what: tokens, and what they grant.

access_rules  what the operator of a service decides: words or a file
grant      sets, keys and columns that may be read
principal  who asks, and what they may do
public_provenance  what everybody is told of where versions come from
tokens     secrets that stand for a principal; the log keeps their digests
"""
