"""Flash/no-flash."""
