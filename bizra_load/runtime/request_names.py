"""The operations of requests that Locust's users make: their method and their name, and what they were made for."""

from __future__ import annotations

from bizra_load.measure.operation_names import UNNAMED, text_of
from bizra_load.settings.name_folding import Folding
from sla.values.operation_groups import WITHOUT_VALUE, in_group

MAX_CACHED = 10_000  # names by which an operation is looked up: ids make a new one with every request


class RequestNames:
    """The operation of each request of Locust's event: "GET /items/{id}", with `group_by` "GET /items/{id} [tenant=acme]"."""

    def __init__(self, folding: Folding, group_by: tuple[str, ...] = ()) -> None:
        self._folding, self._group_by = folding, group_by
        self._known: dict[tuple[str, ...], str] = {}

    @property
    def by_context(self) -> bool:
        """Whether a request's context decides, too."""
        return bool(self._group_by)

    def of(self, request_type: object, name: object, context: object = None) -> str:
        """Whatever they are: they are anybody's."""
        type_text = request_type if type(request_type) is str else text_of("" if request_type is None else request_type)
        name_text = name if type(name) is str else text_of(name)
        values = tuple(_value(context, key) for key in self._group_by)
        known = self._known.get((type_text, name_text, *values))
        if known is None:
            folded = self._folding.folded(name_text) or UNNAMED
            operation = folded if not type_text or folded.startswith(f"{type_text} ") else f"{type_text} {folded}"
            known = in_group(operation, dict(zip(self._group_by, values, strict=True)))
            if len(self._known) >= MAX_CACHED:
                self._known.clear()
            self._known[type_text, name_text, *values] = known
        return known


def _value(context: object, key: str) -> str:
    value = context.get(key) if type(context) is dict else None
    return (text_of(value) if value is not None else "") or WITHOUT_VALUE
