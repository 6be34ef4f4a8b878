"""Demosaicing."""
