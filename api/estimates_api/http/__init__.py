"""What routes need of HTTP: parameters, negotiation, ranges, representations, problems."""
