"""The tables of README.md and docs/performance.md, from what benchmarks/generator.py kept: python -m benchmarks.tables

One set of figures for each kind of interpreter that was measured, each with its machine and build. Between two markers on each
page; `make bench` ends with it.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import machine, results
from bizra_load.io.files import write_atomically

ROOT = Path(__file__).resolve().parent.parent
OURS = "bizra-load"
IN_README = (
    OURS,
    f"{OURS}, pure Python",
    f"{OURS}, open model at 70 %",
    "Locust FastHttpUser",
    "k6",
    "vegeta",
    "hey",
    "h2load",
    "wrk",
    f"{OURS}, GET 1 KB",
    "wrk, GET 1 KB",
)
BEGIN, END = "<!-- python -m benchmarks.tables writes this -->", "<!-- to here -->"
MAKES, COSTS = "ours makes", "requests per CPU second"
COLUMNS = 100  # of a page

Figures = Mapping[str, Any]


def of_generator(figures: Figures) -> list[str]:
    """One build's whole table, and its open models: ratios first."""
    rows = [(name, ratio(figures, name), rate(figures, name), figures["checks"].get(name, "")) for name in figures["rounds"]]
    lines = results.table(("generator", MAKES, COSTS, "what it checks and records"), rows)
    latencies = figures["latency_us"]
    if latencies:
        keys = ("lag_p50_us", "lag_p99_us", "response_p50_us", "response_p99_us")
        shown = [(name, *(_latency(figures, name, key) for key in keys)) for name in latencies]
        lines += ["", *results.table(("open model", "lag p50", "lag p99", "response p50", "response p99"), shown)]
    return lines


def ratio(figures: Figures, name: str) -> str:
    """(ours doing that work) / (this one), each in the same round: median, least and most. "-" for ours itself."""
    of_row = figures["rows"]
    peer = next((p for p in figures["rounds"] if of_row.get(p) == of_row.get(name) and p.startswith(OURS)), OURS)
    if peer == name:
        return "-"
    pairs = zip(figures["rounds"][peer], figures["rounds"][name], strict=False)
    return results.spread([_per_cpu_s(a) / _per_cpu_s(b) for a, b in pairs], ".2f", " x")


def rate(figures: Figures, name: str) -> str:
    """Requests per CPU second: median, least and most."""
    return results.spread(_per_cpu_s(m) for m in figures["rounds"][name])


def beside_each_other(kept: list[Figures]) -> list[str]:
    """The short table: builds beside each other, all ratios before all rates."""
    builds = [_short(k["machine"]) for k in kept]
    names = [name for name in IN_README if any(name in k["figures"]["rounds"] for k in kept)]
    rows = [
        (name, *(_cell(ratio, k["figures"], name) for k in kept), *(_cell(rate, k["figures"], name) for k in kept))
        for name in names
    ]
    columns = ("generator", *(f"{MAKES}: {build}" for build in builds), *(f"{COSTS}: {build}" for build in builds))
    return [*results.table(columns, rows), "", *(line for k in kept for line in _measured_on(k))]


def page(text: str, lines: list[str]) -> str:
    """`text` with `lines` between the markers. Raises ValueError without exactly one pair of them."""
    pattern = re.compile(f"{re.escape(BEGIN)}\n.*?{re.escape(END)}", re.DOTALL)
    if len(pattern.findall(text)) != 1:
        raise ValueError(f"one pair of markers is needed: {BEGIN} ... {END}")
    content = "\n".join(lines).strip()
    return pattern.sub(lambda _: f"{BEGIN}\n\n{content}\n\n{END}", text)


def pages(folder: Path = results.FOLDER) -> dict[Path, str]:
    """What the pages must contain, by all that is kept in `folder`."""
    kept = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*/generator.json"))]
    whole = [line for k in kept for line in (*_measured_on(k), *of_generator(k["figures"]), "")]
    contents = {ROOT / "README.md": beside_each_other(kept), ROOT / "docs/performance.md": whole}
    return {path: page(path.read_text(encoding="utf-8"), lines) for path, lines in contents.items()}


def _cell(figure: Any, figures: Figures, name: str) -> str:
    return figure(figures, name) if name in figures["rounds"] else "not measured"


def _measured_on(kept: Figures) -> list[str]:
    rounds = max(len(measured) for measured in kept["figures"]["rounds"].values())
    steal = [m["steal"] for measured in kept["figures"]["rounds"].values() for m in measured if "steal" in m]
    text = f"{machine.line(kept['machine'])} Medians of {rounds} interleaved rounds, least and most in brackets."
    if steal:  # figures kept before it was recorded have none
        text += f" The hypervisor took {100 * max(steal):.1f} % of the time at most."
    return [*textwrap.wrap(text, COLUMNS, break_on_hyphens=False), ""]


def _short(on: Mapping[str, str]) -> str:
    """A build in a few words: the interpreter's name, and how its library is linked where that is known."""
    name, *details = on["interpreter"].split(", ")
    linked = [words.removesuffix(" library") for words in details if words.endswith(" library")]
    return " ".join((name, *linked))


def _latency(figures: Figures, name: str, key: str) -> str:
    values = [m[key] for m in figures["latency_us"][name] if m[key] >= 0]
    return results.spread(values, unit=" us") if values else "-"


def _per_cpu_s(measured: Mapping[str, float]) -> float:
    return measured["requests_per_s"] / measured["cpu_share"]


def main() -> None:
    for path, text in pages().items():
        write_atomically(path, text)
        print(f"written: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
