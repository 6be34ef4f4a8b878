"""Feature inversion."""
