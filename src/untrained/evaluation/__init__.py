"""Metrics, reports, comparisons, benches and studies: what may see the clean picture."""
