"""The presets: recipes by name and where their settings come from; each task lists its own."""
