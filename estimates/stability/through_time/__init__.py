"""Stability over more than two versions: chains, revisions, the triangle, frozen estimates."""
