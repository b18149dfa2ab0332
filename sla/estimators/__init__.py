"""Samples -> estimates with intervals."""
