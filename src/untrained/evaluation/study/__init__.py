"""Studies: experiments that explain Deep Image Prior, as figures and numbers."""
