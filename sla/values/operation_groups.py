"""Operations by what their requests were made for: "GET /items [tenant=acme]" is a group of "GET /items"."""

from __future__ import annotations

from collections.abc import Collection, Mapping

WITHOUT_VALUE = "(none)"  # of a request that does not say it


def in_group(operation: str, values: Mapping[str, str]) -> str:
    """The name of the group; of no values the operation's own."""
    if not values:
        return operation
    return f"{operation} [{', '.join(f'{key}={value}' for key, value in values.items())}]"


def groups_of(operation: str, measured: Collection[str]) -> list[str]:
    """The groups of an operation among the measured ones, in their order; [] where it has none."""
    return [name for name in measured if name.startswith(f"{operation} [") and name.endswith("]") and "=" in name]


def keys_without_value(measured: Collection[str]) -> list[str]:
    """Keys of groups that no request said: each group of such a key is the one without a value."""
    values: dict[str, set[str]] = {}
    for name in measured:
        _, begin, pairs = name.rpartition(" [")
        if begin and pairs.endswith("]"):
            for pair in pairs[:-1].split(", "):
                key, _, value = pair.partition("=")
                values.setdefault(key, set()).add(value)
    return [key for key, seen in values.items() if seen == {WITHOUT_VALUE}]
