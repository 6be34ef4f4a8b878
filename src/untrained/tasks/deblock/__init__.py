"""Deblocking."""
