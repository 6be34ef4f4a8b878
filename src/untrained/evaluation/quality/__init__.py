"""How good the presets are, on folders of pictures with ground truth: the command `bench`."""
