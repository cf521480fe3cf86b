"""Telling a receiver of verdicts and promotions.

notification  the document of an event, and its signature
delivery      posting it, again while the receiver is unavailable
"""
