"""The environment of a test that must not see the one that the tests were started in."""

from bizra_load.products import all_options


def clear_variables(monkeypatch, *more):
    """Take away the variables of all of a run's options, and `more`."""
    for variable in ("ENDPOINT", "WORKERS", *more, *(option.variable for option in all_options())):
        monkeypatch.delenv(variable, raising=False)
