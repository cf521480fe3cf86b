"""Telling a receiver of verdicts and promotions.

notification  the document of an event, and its signature
deadline_notification  the document of a deadline that was missed, or may be
delivery      posting it, again while the receiver is unavailable
"""
