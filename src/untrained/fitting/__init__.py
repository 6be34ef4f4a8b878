"""Steps until a rule says stop: one network, several, plug-and-play passes, tiles, checkpoints."""
