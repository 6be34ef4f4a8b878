"""Published figures, each with where it is printed. Means over the whole sets, in dB."""

PUBLISHED: dict[str, dict[str, dict[str, object]]] = {
    "denoise": {
        "Deep Image Prior, averaged output": {
            "psnr": 30.43,
            "where": "Ulyanov et al. 2018 (arXiv:1711.10925), section 4.1: nine pictures, sigma 25",
        },
        "CBM3D, told sigma": {
            "psnr": 31.42,
            "where": "the same, clipped noise",
        },
    },
    "deblock": {},
    "upscale": {
        "Deep Image Prior": {"psnr": 29.90, "where": "Ulyanov et al. 2018: Set5 x4, luma"},
        "bicubic": {"psnr": 28.43, "where": "the same"},
    },
    "inpaint": {
        "Deep Image Prior": {
            "psnr": 33.48,
            "where": "Ulyanov et al. 2018, table 1: eleven pictures, 50 % missing",
        },
        "Papyan et al. 2017": {"psnr": 31.19, "where": "the same"},
    },
    "flash": {},
}
