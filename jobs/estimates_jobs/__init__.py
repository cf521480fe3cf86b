"""What runs offline: the command line, the jobs, the record in MLflow."""
