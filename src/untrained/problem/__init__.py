"""All that a fit may see, and how a raw measurement becomes that.

* `problem`: the Problem, in three parts
* `measurement`: samples, operator, noise
* `knowledge`: guide, projection, other prior knowledge
* `rendering`: from the fitted picture to the result
* `coil_sensitivities`: estimate those of an MRI scanner
* `data_consistency`: move a picture towards the measurement
* `held_out`: hold out data to judge by
* `initial_guess`: a first picture by adjoint or pseudo-inverse
* `jpeg_traces`: JPEG parameters from decoded samples
* `measurement_noise`: the noise level of a measurement
* `noise_split`: an unbiased risk by splitting the noise
* `phase_retrieval`: classical algorithms and initial guesses
* `value_range`: units, and their range
"""
