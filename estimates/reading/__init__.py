"""Reading: one version, one moment, one key through time, the as-of join, an explanation."""
