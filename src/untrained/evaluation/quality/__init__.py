"""The quality bench: presets on folders of pictures with ground truth (`untrained bench`)."""
