"""Defaults and variables that several rooms share; it imports nothing, so that --help stays light."""

DEFAULT_AGREEMENT = "v2.2.0-rc1"
NO_AGREEMENT = "none"  # as --agreement: figures without a verdict
DEFAULT_OUT, OUT_VARIABLE = "runs", "BIZRA_LOAD_OUT"  # where run folders are made
# `bizra-load run` hands all its options on to the Locust that it starts, as JSON by name; there they are one attribute of
# Locust's own options, since a locustfile may have options of the same names
OPTIONS_VARIABLE, OPTIONS = "BIZRA_LOAD_OPTIONS", "bizra_load_options"
# it tells them to the Locust that it starts: the run folder, which makes it that of one run; "1" in a rehearsal
RUN_FOLDER_VARIABLE, REHEARSAL_VARIABLE = "BIZRA_LOAD_RUN_FOLDER", "BIZRA_LOAD_REHEARSAL"
# what the files that options name hold, by the options' names: another attribute, for workers that don't have them
CONTENTS = "bizra_load_contents"
UNCONFIGURED_VARIABLE = "BIZRA_LOAD_UNCONFIGURED"  # "1": Locust's own configuration is not read
WEB_UI_VARIABLE = "BIZRA_LOAD_WEB_UI"  # "1": `bizra-load run --web-ui` started it
# where a locustfile has an option of the name of one of ours, ours has another one: an attribute of Locust's options, by name
NAMES = "bizra_load_names"
LOCUSTS_OWN = "LOCUST_"  # what Locust's variables begin with
LOCUSTS_WEB_UI = ("LOCUST_WEB_", "LOCUST_TLS_")  # those that say where its web UI is, and change no test
OBJECTIVE = "--objective"  # repeatable, and beside GENERAL as --evidence is
OBJECTIVE_HELP = (
    'an objective in words, such as "checkout p95 < 100 ms" or "error rate < 1 %%, warning" (docs/agreement.md); '
    "repeatable; beside --agreement it is added to that one, without it these are the agreement"
)
