"""What may see the clean picture: metrics, reports, comparisons, benches, studies.

* `metrics`: PSNR and SSIM
* `alignment`: align a picture before a metric, after phase retrieval
* `scores`: both, of a result in its own terms
* `report`: the report folder
* `report_page`, `report_charts`, `snapshots`: what it shows
* `plain_json`: plain values as JSON
* `compare`: ours and the baselines on one picture
* `sheet`: the contact sheet of a comparison
* `figures`: what figures share
* `quality`, `speed`: the benches
* `study`: the studies of Deep Image Prior
"""
