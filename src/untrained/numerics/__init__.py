"""Mathematics on torch tensors, independent of pictures and problems.

* `conjugate_gradients`: solve linear equations
* `piecewise_smooth`: least squares with a piecewise smooth picture
* `random_drawing`: random numbers from an explicit generator
* `lanczos`: Lanczos reduction
* `opponent_colour`: the opponent colour transform
* `random_streams`: one random stream for each purpose
* `total_variation`: total variation
* `wavelets`: sparsity of wavelet coefficients
"""
