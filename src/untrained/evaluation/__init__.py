"""What may see the clean picture: metrics, reports, comparisons, benches, studies.

* `metrics`: PSNR and SSIM
* `alignment`: align a picture before a metric, after phase retrieval
* `report`: the report folder
* `compare`: ours and the baselines on one picture
* `sheet`: the contact sheet of a comparison
* `figures`: what figures share
* `quality`, `speed`: the benches
* `study`: the studies of Deep Image Prior
"""
