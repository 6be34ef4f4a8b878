"""The ways of drawing (input, target) pairs from one measurement."""
