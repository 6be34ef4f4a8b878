"""The verbs of the library, and the adapter for deepinv."""
