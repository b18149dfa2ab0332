"""Checks of the run itself, and which verdicts a failed one opens."""
