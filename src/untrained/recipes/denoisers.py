"""Names of the classical denoisers."""

from typing import Literal

DenoiserName = Literal["nl-ridge", "nl-bayes"]
"""NL-Ridge (Herbreteau and Kervrann 2022) or NL-Bayes (Lebrun et al. 2013)."""
