"""Studies: the experiments by which Deep Image Prior explains itself, as figures and numbers."""
