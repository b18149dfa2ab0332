"""A run on disk: written while it goes, read again at any time."""
