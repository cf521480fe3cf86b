"""The store: publish, judge, promote, roll back, verify, sweep."""
