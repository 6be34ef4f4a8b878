"""Classical self-similar denoisers without a network. Importing this registers all of them.

* `registry`: register a denoiser; denoise by its settings
* `nl_bayes`: NL-Bayes
* `nl_ridge`: NL-Ridge
* `multiscale`: the classical estimate, at two scales and with a second pass
* `collaborative`: collaborative filtering in the opponent colours
* `groups_2d`, `groups_3d`: groups of similar patches, of similar blocks
"""

from untrained.denoisers import nl_bayes as _nl_bayes  # noqa: F401
from untrained.denoisers import nl_ridge as _nl_ridge  # noqa: F401
