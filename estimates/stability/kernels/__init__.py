"""Numeric work on long columns, in blocks that fit the processor's cache."""
