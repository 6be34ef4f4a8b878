"""Classical self-similar denoisers, NL-Ridge and NL-Bayes, that need no network."""
