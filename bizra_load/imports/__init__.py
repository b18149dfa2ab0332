"""Results of other tools as measurements."""
