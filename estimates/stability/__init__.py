"""Stability: what changed between two versions of a set, per key first.

report      the Structs of the answer
"""
