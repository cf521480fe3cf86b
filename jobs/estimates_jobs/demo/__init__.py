"""The demo: a week of a real set.

week        playing it, or going on where it was interrupted
price_feed  the prices, a file a day, one of them broken
narration   what is printed
"""
