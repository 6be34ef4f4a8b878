"""Reconstruction from a measurement: tomography, magnetic resonance, blur, phase."""
