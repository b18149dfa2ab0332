"""The generators that are measured beside each other, each as a command against the same target."""

from __future__ import annotations

import dataclasses
import functools
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import latencies
from benchmarks.latencies import Latency
from benchmarks.measuring import Throughput
from benchmarks.target import SIZES, Target
from bizra_load.io.ports import free_port

HERE = Path(__file__).parent
CONNECTIONS = 50
PATH = "/api/v1/poi/generate"
OURS, BEFORE = "bizra-load", "bizra-load, the other checkout"
EVERYTHING = "status, JSON, attestation, 1 % signatures; response and service histograms, windows to the master"
OF_A_FILE = "status, length; the same histograms"


@dataclass(frozen=True)
class Tool:
    """`command(target, folder, rate)`; binary is what must be on PATH (None: installed with us).

    row      of which row of the table it is a peer: one does the same work as ours of that row
    where    the checkout that it runs in; "" for this one
    latency  reads how late it was and how long responses took, from what it left in the folder; of an open model alone
    end_signal  what makes it end, with what it has to say
    """

    name: str
    checks: str
    command: Callable[[Target, Path, float], list[str]]
    row: str = ""
    binary: str | None = None
    environment: tuple[tuple[str, str], ...] = ()
    where: str = ""
    latency: Callable[[Path, Throughput], Latency | None] | None = None
    end_signal: signal.Signals = signal.SIGTERM

    def variables(self) -> dict[str, str]:
        """What its environment has besides."""
        return {**dict(self.environment), **({"PYTHONPATH": self.where} if self.where else {})}


def ours(
    name: str, arrivals: str, share: float = 1.0, tls: bool = False, path: str = "", connections: int = CONNECTIONS,
    row: str = "", where: str = "", workers: int = 1, seconds: int = 60,
) -> Tool:  # fmt: skip
    """Ours with the PoI scenario; `share` of the rate of an open model. The run's folder is in one of this name."""

    def command(t: Target, folder: Path, rate: float) -> list[str]:
        planned = rate * share if arrivals != "saturate" else connections * 50.0
        return [
            *(sys.executable, "-m", "bizra_load.cli.main", "run", "-f", str(HERE / "scenarios/generate.py")),
            *("-H", t.tls_url if tls else t.url, "--workers", str(workers), "--agreement", "local"),
            *(
                "--out",
                str(folder / name),
                "--arrivals",
                arrivals,
                "--target-ops",
                f"{planned:.0f}",
                "--ops-per-user",
                f"{planned / connections:.3f}",
            ),
            *("--ramp", "0s", "--duration", f"{seconds}s", "--base-path", f"{path}/api/v1"),
            *(["--ca-file", str(t.ca_file)] if tls else []),
        ]

    latency = functools.partial(latencies.of_run, name) if arrivals != "saturate" else None
    return Tool(name, EVERYTHING, command, row=row, where=where, latency=latency)


def our_gets(name: str, size: int, row: str) -> Tool:
    """Ours reading a file of so many bytes."""

    def command(t: Target, folder: Path, rate: float) -> list[str]:
        return [
            *(sys.executable, "-m", "bizra_load.cli.main", "run", "-f", str(HERE / "scenarios/read.py"), "-H", t.url),
            *("--workers", "1", "--objective", "error rate < 1 %", "--out", str(folder / name), "--arrivals", "saturate"),
            *("--target-ops", f"{CONNECTIONS * 50}", "--ops-per-user", "50", "--ramp", "0s", "--duration", "60s"),
        ]

    return Tool(name, OF_A_FILE, command, row=row, environment=(("READ_BYTES", str(size)),))


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


def wrk_gets(size: int) -> Callable[[Target, Path, float], list[str]]:
    return lambda t, folder, rate: ["wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", "60s", f"{t.url}/files/{size}"]


def hey(t: Target, folder: Path, rate: float) -> list[str]:
    asked = ("-m", "POST", "-T", "application/json", "-D", _body(t, folder))
    return ["hey", "-c", str(CONNECTIONS), "-z", "60s", "-cpus", "1", *asked, t.url + PATH]


def h2load(t: Target, folder: Path, rate: float, *more: str) -> list[str]:
    header = "content-type: application/json"
    asked = ("-d", _body(t, folder), "-H", header)
    return ["h2load", "--h1", "-c", str(CONNECTIONS), "-D", "60", *asked, *more, t.url + PATH]


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


def h2load_open(share: float) -> Tool:
    """Its open model: --rps is the rate of each connection, on each of which a request waits for the one before."""

    def command(t: Target, folder: Path, rate: float) -> list[str]:
        log = folder / latencies.H2LOAD_LOG
        log.unlink(missing_ok=True)
        return h2load(t, folder, rate, "--rps", f"{rate * share / CONNECTIONS:.3f}", "--log-file", str(log))

    name, latency = f"h2load --rps at {100 * share:.0f} %", latencies.of_h2load_log
    return Tool(name, "status; a log of service times", command, row=_open_row(share), binary="h2load", latency=latency)


def wrk2_open(share: float, binary: str) -> Tool:
    """wrk2's open model: response times from the intended start, as ours."""

    def command(t: Target, folder: Path, rate: float) -> list[str]:
        named = [binary, *wrk(t, folder, rate)[1:]]
        return [*named[:1], "-R", f"{rate * share:.0f}", "--latency", *named[1:]]

    return Tool(
        f"wrk2 at {100 * share:.0f} %", "status; response-time histogram", command, row=_open_row(share), binary=binary,
        latency=latencies.of_wrk2_output, end_signal=signal.SIGINT,
    )  # fmt: skip


def wrk2_binary() -> str:
    """What wrk2 is called here: its own name, or wrk where that one takes a rate. "wrk2" where there is none."""
    if shutil.which("wrk2") is None and (path := shutil.which("wrk")):
        usage = subprocess.run([path, "--help"], capture_output=True, text=True, check=False)
        if "--rate" in usage.stdout + usage.stderr:
            return "wrk"
    return "wrk2"


def _open_row(share: float) -> str:
    return f"open model at {100 * share:.0f} %"


ONE_CORE = (("GOMAXPROCS", "1"),)
SATURATED = ours(OURS, "saturate")
OPEN_SHARES = (0.5, 0.7)  # of what ours does saturated: where a generator shall be used, and what it shall stand at most


def all_tools(before: str) -> tuple[Tool, ...]:
    """In the order in which a round has them; `before`: another checkout of ours, "" for none."""
    wrk2 = wrk2_binary()
    others = (
        Tool("Locust FastHttpUser", "status, JSON, attestation; Locust's statistics", locust),
        *((Tool("wrk", "status; service-time histogram", wrk, binary="wrk"),) if wrk2 != "wrk" else ()),
        Tool("h2load", "status; service times", h2load, binary="h2load"),
        Tool("hey", "status; service times", hey, binary="hey", environment=ONE_CORE),
        Tool("k6", "status, JSON; service-time trend", k6, binary="k6", environment=ONE_CORE),
        Tool("vegeta", "status; service times", vegeta, binary="vegeta", environment=ONE_CORE),
    )
    open_model = [
        tool
        for share in OPEN_SHARES
        for tool in (
            ours(f"{OURS}, {_open_row(share)}", "constant", share, row=_open_row(share)),
            h2load_open(share),
            wrk2_open(share, wrk2),
        )
    ]
    variants = (
        dataclasses.replace(ours(f"{OURS}, pure Python", "saturate"), environment=(("BIZRA_LOAD_PURE", "1"),)),
        ours(f"{OURS}, https", "saturate", tls=True),
        ours(f"{OURS}, chunked responses", "saturate", path="/chunked"),
        ours(f"{OURS}, 5 connections", "saturate", connections=5),
        ours(f"{OURS}, 500 connections", "saturate", connections=500),
    )
    files = [
        tool
        for size, words in SIZES.items()
        for tool in (
            our_gets(f"{OURS}, GET {words}", size, row=words),
            *((Tool(f"wrk, GET {words}", "status", wrk_gets(size), row=words, binary="wrk"),) if wrk2 != "wrk" else ()),
        )
    ]
    other = (ours(BEFORE, "saturate", where=before),) if before else ()
    return (SATURATED, *other, *open_model, *variants, *files, *others)


def _body(t: Target, folder: Path) -> str:
    path = folder / "body.json"
    path.write_bytes(t.body)
    return str(path)
