"""Ways to draw (input, target) pairs from one measurement.

* `pair`: what a pair and a pairing are
* `registry`, `factory`: register a pairing; make one from its settings
* `latent`: Deep Image Prior, with or without a guide
* `blind_spot`: Self2Self
* `recorrupt`: Recorrupted-to-Recorrupted
* `zs_n2n`: Zero-Shot Noise2Noise
* `subsets`: ordered subsets of the measurement
"""
