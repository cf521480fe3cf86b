"""A run: its job, what the job sees, and the way from a frame to a promoted version."""
