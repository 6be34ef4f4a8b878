"""The user's picture: samples, metadata, regions, files in and out."""
