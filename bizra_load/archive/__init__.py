"""A run on disk: written while it goes, read to judge it."""
