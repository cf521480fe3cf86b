"""Keys, signatures and the access record."""
