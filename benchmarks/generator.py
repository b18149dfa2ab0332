"""How many checked requests one CPU second of a generator makes, beside its peers: make bench [BENCH_ROUNDS=5].

Target: nginx with a fixed attestation, on one core; the generator (all its processes) on another; 50 keep-alive connections,
POST with a JSON body. Rounds are interleaved, ratios are taken within a round, medians shown.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import results
from benchmarks.measuring import Throughput, measure
from benchmarks.target import Target, target
from bizra_load.archive.latest import run_folders
from bizra_load.archive.store import read_run
from bizra_load.io.ports import free_port
from sla.values import histogram

HERE = Path(__file__).parent
CONNECTIONS = 50
PATH = "/api/v1/poi/generate"
OURS = "bizra-load"
EVERYTHING = "status, JSON, attestation, 1 % signatures; response and service histograms, windows to the master"


@dataclass(frozen=True)
class Tool:
    """`command(target, folder, rate)`; binary is what must be on PATH (None: installed with us)."""

    name: str
    checks: str
    command: Callable[[Target, Path, float], list[str]]
    binary: str | None = None
    environment: tuple[tuple[str, str], ...] = ()
    folder: str = ""  # of its run, to read its own schedule lag from


def ours(name: str, arrivals: str, share: float = 1.0, tls: bool = False, path: str = "") -> Tool:
    def command(t: Target, folder: Path, rate: float) -> list[str]:
        planned = rate * share if arrivals != "saturate" else CONNECTIONS * 50.0
        return [
            *(sys.executable, "-m", "bizra_load.cli.main", "run", "-f", str(HERE / "scenarios/generate.py")),
            *("-H", t.tls_url if tls else t.url, "--workers", "1", "--agreement", "local", "--out", str(folder / name)),
            *("--arrivals", arrivals, "--target-ops", f"{planned:.0f}", "--ops-per-user", f"{planned / CONNECTIONS:.3f}"),
            *("--ramp", "0s", "--duration", "60s", "--base-path", f"{path}/api/v1"),
            *(["--ca-file", str(t.ca_file)] if tls else []),
        ]

    return Tool(name, EVERYTHING, command, folder=name)


def locust(t: Target, folder: Path, rate: float) -> list[str]:
    port = str(free_port())
    return [
        *(sys.executable, "-m", "locust", "-f", str(HERE / "scenarios/fast_http.py"), "-H", t.url, "--headless"),
        *("-u", str(CONNECTIONS), "-r", str(CONNECTIONS), "-t", "60s", "--processes", "1", "--only-summary"),
        *("--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--master-port", port),
    ]


def wrk(t: Target, folder: Path, rate: float) -> list[str]:
    script = folder / "post.lua"
    script.write_text(
        f'wrk.method = "POST"\nwrk.body = {json.dumps(t.body.decode())}\nwrk.headers["Content-Type"] = "application/json"\n'
    )
    return ["wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", "60s", "-s", str(script), t.url + PATH]


def hey(t: Target, folder: Path, rate: float) -> list[str]:
    body = _body(t, folder)
    return [
        "hey",
        "-c",
        str(CONNECTIONS),
        "-z",
        "60s",
        "-cpus",
        "1",
        "-m",
        "POST",
        "-T",
        "application/json",
        "-D",
        body,
        t.url + PATH,
    ]


def h2load(t: Target, folder: Path, rate: float) -> list[str]:
    header = "content-type: application/json"
    return ["h2load", "--h1", "-c", str(CONNECTIONS), "-D", "60", "-d", _body(t, folder), "-H", header, t.url + PATH]


def k6(t: Target, folder: Path, rate: float) -> list[str]:
    script = folder / "k6.js"
    script.write_text(
        "import http from 'k6/http'; import {check} from 'k6';\n"
        f"export const options = {{vus: {CONNECTIONS}, duration: '60s'}};\n"
        f"export default function () {{ const r = http.post('{t.url}{PATH}', {json.dumps(t.body.decode())},"
        " {headers: {'Content-Type': 'application/json'}});\n"
        " check(r, {ok: (r) => r.status === 200 && r.json().signature.length === 128}); }\n"
    )
    return ["k6", "run", "--quiet", "--no-usage-report", str(script)]


def vegeta(t: Target, folder: Path, rate: float) -> list[str]:
    targets = folder / "vegeta.txt"
    targets.write_text(f"POST {t.url}{PATH}\nContent-Type: application/json\n@{_body(t, folder)}\n")
    workers = str(CONNECTIONS)
    return ["vegeta", "attack", "-rate", "0", "-workers", workers, "-max-workers", workers, "-duration", "60s",
            "-targets", str(targets), "-output", "/dev/null"]  # fmt: skip


ONE_CORE = (("GOMAXPROCS", "1"),)
SATURATED = ours(OURS, "saturate")
TOOLS = (
    SATURATED,
    ours(f"{OURS}, open model at 70 %", "constant", 0.7),
    ours(f"{OURS}, https", "saturate", tls=True),
    ours(f"{OURS}, chunked answers", "saturate", path="/chunked"),
    Tool("Locust FastHttpUser", "status, JSON, attestation; Locust's statistics", locust),
    Tool("wrk", "status; service-time histogram", wrk, "wrk"),
    Tool("h2load", "status; service times", h2load, "h2load"),
    Tool("hey", "status; service times", hey, "hey", ONE_CORE),
    Tool("k6", "status, JSON; service-time trend", k6, "k6", ONE_CORE),
    Tool("vegeta", "status; service times", vegeta, "vegeta", ONE_CORE),
)


def _body(t: Target, folder: Path) -> str:
    path = folder / "body.json"
    path.write_bytes(t.body)
    return str(path)


def lag_us(folder: Path) -> tuple[float, float] | None:
    """(p50, p99) of the schedule's own lag over a run's steady seconds, us."""
    runs = run_folders(folder)
    if not runs:
        return None
    health = read_run(runs[-1])[0].health[3:-2]
    lag = histogram.merge(h.lag for h in health)
    return (lag.quantile_ns(0.5) / 1e3, lag.quantile_ns(0.99) / 1e3) if lag.total else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("BENCH_ROUNDS", "5")))
    parser.add_argument("--only", default="", help="names that contain this")
    args = parser.parse_args()
    tools = [t for t in TOOLS if (t.binary is None or shutil.which(t.binary)) and args.only in t.name]
    for t in TOOLS:
        if t.binary and not shutil.which(t.binary):
            print(f"not on PATH, left out: {t.name}")
    cores = sorted(os.sched_getaffinity(0))
    target_core, generator_core = (cores[0], cores[1]) if len(cores) > 1 else (None, None)
    measured: dict[str, list[Throughput]] = {t.name: [] for t in tools}
    lags: list[tuple[float, float]] = []
    for number in range(args.rounds):
        with target(target_core) as t, tempfile.TemporaryDirectory() as name:
            folder, rate = Path(name), 0.0
            for tool in tools:
                result = measure(
                    tool.command(t, folder, rate or 50_000.0),
                    t.requests,
                    generator_core,
                    folder / "log",
                    dict(tool.environment),
                )
                rate = result.requests_per_s if tool is SATURATED else rate
                measured[tool.name].append(result)
                lag = lag_us(folder / tool.folder) if "open" in tool.name else None
                lags += [lag] if lag else []
                shown = f"  lag p50 {lag[0]:.0f} us, p99 {lag[1]:.0f} us" if lag else ""
                wall = f"{result.requests_per_s:10,.0f}/s {result.cpu_share:5.2f} cores"
                print(f"round {number + 1}: {tool.name:34} {wall} {result.per_cpu_s:10,.0f} per CPU second{shown}", flush=True)
    kept = {name: [dataclasses.asdict(m) for m in rows] for name, rows in measured.items()}
    host = {"cpu": platform.processor() or platform.machine(), "python": platform.python_version()}
    results.keep("generator", {"host": host, "rounds": kept, "lag_us": lags}, report(tools, measured, lags))


def report(tools: list[Tool], measured: dict[str, list[Throughput]], lags: list[tuple[float, float]]) -> list[str]:
    """Medians, and the median over rounds of (ours saturated) / (this tool)."""
    rows = []
    for tool in tools:
        per_cpu_s = [m.per_cpu_s for m in measured[tool.name]]
        ratios = [b.per_cpu_s / r for b, r in zip(measured.get(OURS, []), per_cpu_s, strict=False)]
        ratio = f"{statistics.median(ratios):.2f} x" if ratios and tool.name != OURS else "-"
        rows.append((tool.name, f"{statistics.median(per_cpu_s):,.0f}", ratio, tool.checks))
    lines = results.table(("Generator", "Requests per CPU second", "Ours is", "What it checks and records"), rows)
    if lags:
        p50, p99 = (statistics.median(x[i] for x in lags) for i in (0, 1))
        lines += ["", f"Schedule lag of the open model: p50 {p50:.0f} us, p99 {p99:.0f} us."]
    return lines


if __name__ == "__main__":
    main()
