"""Facts of a run that its assessment repeats: they are shown, and tell which runs are alike; none of them is judged."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from sla.values.section import brief

_KINDS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "name": (str, "text"),
    "folder": (str, "text"),
    "measured_sha256": (str, "text"),
    "started": (str, "text"),
    "target": (str, "text"),
    "command": (list, "a list"),
    "versions": (dict, "an object"),
    "host": (dict, "an object"),
    "arrivals": (str, "text"),
    "rehearsal": (bool, "true or false"),
    "seed": (int, "a whole number"),
    "workers": (int, "a whole number"),
    "agreement_sha256": (str, "text"),
    "planned_per_s": ((int, float), "a number"),
}


@dataclass(frozen=True)
class ShownFacts:
    """None where a fact is not known: imports and older versions leave things out.

    name, started      the run's name; its start, as ISO 8601 in UTC
    folder             name of the run folder when it was made
    measured_sha256    of its SHA256SUMS, which covers all that was measured; None for a run that was cut off
    target             URL under load, without user information; "" where none was given
    command            the command line, without secrets
    versions, host     packages that a measurement depends on; the machine of the master, by the names of run.json
    arrivals           how arrivals are spaced
    rehearsal          the target is the reference node, started for this run
    planned_per_s      the constant rate of the judged part, operations per second
    """

    name: str | None = None
    folder: str | None = None
    measured_sha256: str | None = None
    started: str | None = None
    target: str | None = None
    command: tuple[str, ...] | None = None
    versions: Mapping[str, str] | None = None
    host: Mapping[str, object] | None = None
    arrivals: str | None = None
    rehearsal: bool | None = None
    seed: int | None = None
    workers: int | None = None
    agreement_sha256: str | None = None
    planned_per_s: float | None = None

    def as_json(self) -> dict[str, object]:
        """Values of JSON; what is not known is left out, but for the planned rate, which is null."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return {key: value for key, value in values.items() if value is not None or key == "planned_per_s"}

    @classmethod
    def from_json(cls, document: object) -> Self:
        """Names that this version does not know are passed over. Raises ValueError with one line for what is no object, and
        for a fact of another type.
        """
        if not isinstance(document, dict):
            raise ValueError(f"run: {brief(document)} (allowed: facts of the run, by name)")
        values: dict[str, Any] = {key: document[key] for key in _KINDS if document.get(key) is not None}
        for key, value in values.items():
            kinds, allowed = _KINDS[key]
            if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
                raise ValueError(f"run: {key} is {brief(value)} (allowed: {allowed})")
        if "command" in values:
            values["command"] = tuple(map(str, values["command"]))
        return cls(**values)

    def titled(self, *names: str) -> list[tuple[str, str]]:
        """(title, text) of those of these facts that are known."""
        known = ((name, getattr(self, name)) for name in names)
        return [(name.capitalize(), str(value)) for name, value in known if value is not None]

    @property
    def of_run(self) -> list[tuple[str, str]]:
        """(title, text) of the line by which a document says what run it is of; none where nothing is known of it."""
        if (run := self.folder or self.name) is None:
            return []
        sealed = sealed_text(self.measured_sha256) if self.measured_sha256 else CUT_OFF
        return [("Run", f"{run} ({sealed})")]

    @property
    def named_text(self) -> str:
        """Folder and start for a reader."""
        start = f"started {self.started}" if self.started else "start unknown"
        return ", ".join(filter(None, (self.folder or self.name, start)))

    @property
    def target_text(self) -> str:
        """The target for a reader."""
        return "unknown" if self.target is None else self.target or "none"


def sealed_text(measured_sha256: str) -> str:
    """By what a document says that a run's measurements are the ones that it is of."""
    return f"SHA-256 of its SHA256SUMS: {measured_sha256}"


CUT_OFF = "cut off, without checksums"  # of a run that nothing vouches for
NO_FACTS = ShownFacts()
