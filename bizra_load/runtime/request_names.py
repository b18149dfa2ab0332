"""The operations of requests that Locust's users make: their method and their name."""

from __future__ import annotations

from bizra_load.measure.operation_names import UNNAMED, text_of
from bizra_load.settings.name_folding import Folding

MAX_CACHED = 10_000  # names by which an operation is looked up: ids make a new one with every request


class RequestNames:
    """The operation of each request of Locust's event: "GET /items/{id}"."""

    def __init__(self, folding: Folding) -> None:
        self._folding = folding
        self._known: dict[tuple[str, str], str] = {}

    def of(self, request_type: object, name: object) -> str:
        """Whatever both are: they are anybody's."""
        type_text = request_type if type(request_type) is str else text_of("" if request_type is None else request_type)
        name_text = name if type(name) is str else text_of(name)
        known = self._known.get((type_text, name_text))
        if known is None:
            folded = self._folding.folded(name_text) or UNNAMED
            known = folded if not type_text or folded.startswith(f"{type_text} ") else f"{type_text} {folded}"
            if len(self._known) >= MAX_CACHED:
                self._known.clear()
            self._known[type_text, name_text] = known
        return known
