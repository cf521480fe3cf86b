"""Jobs that come with the distribution: `forecast` and `load`."""
