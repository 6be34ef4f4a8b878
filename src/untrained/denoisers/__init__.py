"""Classical self-similar denoisers that need no network. Importing this registers all of them."""

from untrained.denoisers import nl_bayes as _nl_bayes  # noqa: F401
from untrained.denoisers import nl_ridge as _nl_ridge  # noqa: F401
