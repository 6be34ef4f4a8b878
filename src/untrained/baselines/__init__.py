"""What a person would use instead: a function from a Problem to a picture."""
