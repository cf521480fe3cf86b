"""What a user would pick instead of the read service, measured beside it on the same keys."""
