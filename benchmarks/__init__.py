"""Measurements, as ratios side by side in one run: `just bench`."""
