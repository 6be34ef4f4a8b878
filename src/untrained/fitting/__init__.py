"""Fit networks to a problem, step by step, until a rule stops.

* `averaging`: averages over steps and networks, standard deviation over networks
* `build_network`: a network from its settings
* `checkpoint`: save and load a fit
* `classical_estimate`: the stage of the classical denoisers
* `divergence`: back to good weights when the loss explodes
* `dry_run`, `memory`, `tile_size`: predict memory, choose tiles
* `engine`: device and precision
* `ensemble`, `network_fit`: the stage of the networks; one network, the loop itself
* `fit`, `fit_like`: a fit of stages; what all fits share
* `fusion`: the stage that blends estimate and networks
* `guiding_fit`: the stage of a fit whose picture guides the networks
* `half_size`, `passes`, `plug_and_play`, `refinement`: plug-and-play passes and their stage
* `mosaic`, `tiled`, `shrinking`: fits in tiles, smaller ones when memory runs out
* `penalties`: hand-crafted terms of the loss
* `plan`, `stage`: which stages a fit has; what a stage is
* `restoration`, `step`: what a fit hands over; what a step yields
* `restore`: from a problem and a recipe to a fit
* `stopping`: the stop rules
"""
