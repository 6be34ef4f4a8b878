"""Activation maximisation."""
