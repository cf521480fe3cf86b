"""The read service: Litestar over `estimates`, read-only."""
