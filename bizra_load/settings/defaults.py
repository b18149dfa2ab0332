"""Defaults that options of several verbs share; it imports nothing, so that --help stays light."""

DEFAULT_AGREEMENT = "v2.2.0-rc1"
DEFAULT_OUT, OUT_VARIABLE = "runs", "BIZRA_LOAD_OUT"  # where run folders are made
