"""Defaults and variables that several rooms share; it imports nothing, so that --help stays light."""

DEFAULT_AGREEMENT = "v2.2.0-rc1"
DEFAULT_OUT, OUT_VARIABLE = "runs", "BIZRA_LOAD_OUT"  # where run folders are made
# `bizra-load run` tells them to the Locust that it starts: the run folder, which makes it that of one run; "1" in a rehearsal
RUN_FOLDER_VARIABLE, REHEARSAL_VARIABLE = "BIZRA_LOAD_RUN_FOLDER", "BIZRA_LOAD_REHEARSAL"
OBJECTIVE = "--objective"  # repeatable, and beside GENERAL as --evidence is
OBJECTIVE_HELP = (
    'an objective in words, such as "checkout p95 < 100 ms" or "error rate < 1 %%, warning" (docs/agreement.md); '
    "repeatable; beside --agreement it is added to that one, without it these are the agreement"
)
