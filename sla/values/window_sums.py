"""Windows merged as they come: one for each operation and second is kept, however many workers report it."""

from __future__ import annotations

from dataclasses import replace

from sla.values.packed import HistogramSums
from sla.values.window import HISTOGRAMS, Window


class WindowSums:
    """What merge_windows() makes of all windows that were added, whatever their order. `histograms`: by (operation, second,
    name), the name one of HISTOGRAMS.
    """

    def __init__(self) -> None:
        self.histograms = HistogramSums()
        self._counts: dict[tuple[str, int], list[int]] = {}
        self._failed: dict[tuple[str, int], dict[str, int]] = {}

    def add(self, w: Window) -> None:
        """Add one window with its histograms."""
        self.add_counts(w)
        for name in HISTOGRAMS:
            self.histograms.add((w.operation, w.second, name), getattr(w, name))

    def add_counts(self, w: Window) -> None:
        """Add one window whose histograms, not those of `w`, are added to `histograms` by the caller."""
        key = w.operation, w.second
        mine = w.planned, w.unsent, w.started, w.ok, w.untimed, w.in_flight_ns, w.service_sum_ns, w.response_sum_ns
        before = self._counts.get(key)
        self._counts[key] = list(mine) if before is None else [a + b for a, b in zip(before, mine, strict=True)]
        if w.failed:
            failed = self._failed.setdefault(key, {})
            for category, count in w.failed.items():
                failed[category] = failed.get(category, 0) + count

    def join(self, more: WindowSums) -> None:
        """Add all of another, whose histograms are packed."""
        for operation, second in more._counts:
            self.add_counts(more._without_histograms(operation, second))
        self.histograms.join(more.histograms)

    def windows(self, operation: str | None = None, from_second: int = 0) -> tuple[Window, ...]:
        """Sorted by (operation, second); all, or those of one operation, from a second on."""
        chosen = [key for key in self._counts if key[1] >= from_second and operation in (None, key[0])]
        return tuple(self._window(*key) for key in sorted(chosen))

    def forget_before(self, second: int) -> None:
        """Let go of earlier seconds."""
        for key in [key for key in self._counts if key[1] < second]:
            del self._counts[key]
            self._failed.pop(key, None)
            self.histograms.forget((*key, name) for name in HISTOGRAMS)

    def _window(self, operation: str, second: int) -> Window:
        sums = {name: self.histograms.sum((operation, second, name)) for name in HISTOGRAMS}
        return replace(self._without_histograms(operation, second), **sums)  # type: ignore[arg-type]

    def _without_histograms(self, operation: str, second: int) -> Window:
        planned, unsent, started, ok, untimed, in_flight_ns, service_sum_ns, response_sum_ns = self._counts[operation, second]
        failed = dict(sorted(self._failed.get((operation, second), {}).items()))
        return Window(
            second,
            operation,
            planned,
            unsent,
            started,
            ok,
            failed,
            in_flight_ns,
            service_sum_ns,
            response_sum_ns,
            untimed=untimed,
        )
