"""Fit networks to a problem, step by step, until a rule stops.

* `averaging`: averages over steps and networks, standard deviation over networks
* `build_network`: a network from its settings
* `checkpoint`: save and load a fit
* `classical_estimate`: the stage of the classical denoisers
* `divergence_guard`: back to good weights when the loss explodes
* `dry_run`, `memory`, `tile_size`: predict memory, choose tiles
* `device`: device and precision
* `ensemble`, `optimisation_loop`: the stage of the networks; one network, the loop itself
* `fit`, `fit_like`: a fit of stages; what all fits share
* `fusion`: the stage that blends estimate and networks
* `guiding_fit`: the stage of a fit whose picture guides the networks
* `half_resolution`, `passes`, `plug_and_play`, `refinement`: plug-and-play passes and their stage
* `mosaic`, `tiled`, `out_of_memory`: fits in tiles, smaller ones when memory runs out
* `penalties`: hand-crafted terms of the loss
* `plan`, `stage`: which stages a fit has; what a stage is
* `restoration`, `step`: what a fit hands over; what a step yields
* `restore`: from a problem and a recipe to a fit
* `stopping`: the stop rules
"""
