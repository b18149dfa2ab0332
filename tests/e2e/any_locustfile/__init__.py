"""Locustfiles of all kinds, unchanged, through us: their totals are Locust's."""
