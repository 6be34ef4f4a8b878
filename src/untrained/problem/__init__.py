"""All that a fit may see, and how a raw measurement becomes that."""
