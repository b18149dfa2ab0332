"""The three documents of a release decision."""
