"""Why estimates moved: a run again with old data and new parameters, and the split of the change."""
