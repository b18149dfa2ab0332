"""Try the targets with many inputs, in processes of their own, and print how many there were.

python -m tests.fuzzing [--seed N] [--inputs TOTAL] [--only NAME] [--jobs N] [--keep FOLDER]

The same seed gives the same inputs. What fails is saved in FOLDER/<target>-<piece>-<index>, and is found again with
`--only TARGET --piece N` and that seed. `--input TARGET FILE` tries a saved one alone.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import pickle
import resource
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzzing.target import Target, kind_of

TOTAL, PIECE, CORPUS = 1_020_000, 10_000, 200
SLOWEST_S, HANGS_S = 1.0, 30.0  # of the CPU: an input may take so long, and is ended after so long
MEMORY_BYTES = 1 << 30  # beyond what the imports take
SHOWN = 5  # failures of one piece


@dataclass
class Piece:
    """What came out of some inputs of one target."""

    target: str
    number: int
    inputs: int = 0
    refused: int = 0
    kinds: int = 0
    slowest_s: float = 0.0
    cpu_s: float = 0.0
    rss_bytes: int = 0
    failures: list[str] = field(default_factory=list)


def tried(target: Target, seed: int, number: int, count: int, keep: Path | None) -> Piece:
    """One piece of a target's inputs, in this process."""
    signal.signal(signal.SIGVTALRM, _hangs)
    rng, corpus, kinds = Random(f"{seed}/{target.name}/{number}"), list[Any](), set[str]()
    piece, reasons = Piece(target.name, number), set[str]()
    began_s = time.process_time()
    for index in range(count):
        further = target.change if corpus and rng.random() < 0.5 else None
        made = further(rng, rng.choice(corpus)) if further else target.make(rng)
        response, took_s, failure = _asked(target, made)
        piece.inputs += 1
        piece.refused += bool(response)
        piece.slowest_s = max(piece.slowest_s, took_s)
        if took_s > SLOWEST_S and not failure:
            failure = f"took {took_s:.1f} s (allowed: {SLOWEST_S:g} s)"
        kind = kind_of(failure or response)
        if kind not in kinds:
            kinds.add(kind)
            if len(corpus) < CORPUS:
                corpus.append(made)
        if failure and kind not in reasons and len(piece.failures) < SHOWN:
            reasons.add(kind)
            piece.failures.append(f"{_kept(keep, f'{target.name}-{number}-{index}', made)}: {failure}")
    piece.kinds, piece.cpu_s = len(kinds), time.process_time() - began_s
    piece.rss_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return piece


def _asked(target: Target, made: Any) -> tuple[str, float, str]:
    """(answer, CPU seconds, what was wrong)."""
    signal.setitimer(signal.ITIMER_VIRTUAL, HANGS_S)
    began_s, response, failure = time.thread_time(), "", ""
    try:
        response = target.check(made)
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        failure = f"{type(error).__name__} in {Path(place.filename).name}:{place.lineno}: {str(error)[:300]}"
    took_s = time.thread_time() - began_s
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return response, took_s, failure


def _kept(keep: Path | None, name: str, made: Any) -> str:
    if keep is None:
        return repr(made)[:2000]
    keep.mkdir(parents=True, exist_ok=True)
    path = keep / name
    path.write_bytes(made if isinstance(made, bytes) else repr(made).encode("utf-8", "backslashreplace"))
    try:
        path.with_suffix(".pickle").write_bytes(pickle.dumps(made))
    except Exception:  # some inputs hold objects that nobody can pickle: the seed makes them again
        path.with_suffix(".pickle").unlink(missing_ok=True)
    return str(path)


def _hangs(*_: object) -> None:
    raise TimeoutError(f"not ended after {HANGS_S:g} s")


def _bounded() -> None:
    """This process: an input that takes too much memory raises MemoryError."""
    faulthandler.enable()
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY_BYTES, resource.RLIM_INFINITY))


def _in_its_own(words: Sequence[str], target: Target, number: int, count: int) -> Piece:
    command = [sys.executable, "-m", "tests.fuzzing", *words, "--only", target.name, "--piece", str(number)]
    ended = subprocess.run([*command, "--inputs", str(count)], capture_output=True, text=True, check=False)
    if ended.returncode == 0:
        return Piece(**json.loads(ended.stdout.splitlines()[-1]))
    died = f"{' '.join(command[1:])}: ended with {ended.returncode}: {ended.stderr[-1500:]}"
    return Piece(target.name, number, failures=[died])


def pieces_of(targets: Sequence[Target], total: int) -> Iterator[tuple[Target, int, int]]:
    """(target, number of the piece, inputs): each target has its share of the total."""
    whole = sum(t.inputs for t in targets)
    for target in targets:
        left, number = -(-target.inputs * total // whole), 0
        while left > 0:
            yield target, number, min(left, PIECE)
            left, number = left - PIECE, number + 1


def _printed(pieces: Sequence[Piece], took_s: float, seed: int) -> int:
    print(f"{'inputs':>10} {'refused':>8} {'kinds':>6} {'/s of CPU':>9} {'slowest':>9} {'memory':>8}  target")
    for name in dict.fromkeys(p.target for p in pieces):
        own = [p for p in pieces if p.target == name]
        inputs, cpu_s = sum(p.inputs for p in own), sum(p.cpu_s for p in own)
        print(
            f"{inputs:>10,} {sum(p.refused for p in own) / max(inputs, 1):>8.0%} {max(p.kinds for p in own):>6}"
            f" {inputs / max(cpu_s, 1e-9):>9,.0f} {max(p.slowest_s for p in own) * 1e3:>6.0f} ms"
            f" {max(p.rss_bytes for p in own) / 2**20:>4.0f} MiB  {name}"
        )
    failures = [f for p in pieces for f in p.failures]
    total = sum(p.inputs for p in pieces)
    print(f"{total:>10,} inputs with seed {seed} in {took_s:,.0f} s: {len(failures) or 'nothing'} found", flush=True)
    for failure in failures:
        print(f"  {failure}")
    return 1 if failures else 0


def main(targets: Sequence[Target], words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing", description="a million inputs, and how many there were")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="the same one gives the same inputs (default: now)")
    parser.add_argument("--inputs", type=int, default=TOTAL, help="of all targets together, %(default)s")
    parser.add_argument("--only", action="append", choices=[t.name for t in targets], help="this target; several times")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at a time, %(default)s")
    parser.add_argument("--keep", type=Path, default=Path(".fuzz"), help="folder for inputs that fail, %(default)s")
    parser.add_argument("--piece", type=int, help="only this piece, in this process")
    parser.add_argument("--input", type=Path, help="only this saved input (.pickle) of --only")
    options = parser.parse_args(words)
    chosen = [t for t in targets if options.only is None or t.name in options.only]
    if options.input is not None:
        print(chosen[0].check(pickle.loads(options.input.read_bytes())) or "understood")  # noqa: S301  # we saved it
        return 0
    if options.piece is not None:
        _bounded()
        print(json.dumps(asdict(tried(chosen[0], options.seed, options.piece, min(options.inputs, PIECE), options.keep))))
        return 0
    print(f"seed {options.seed}", flush=True)
    began_s = time.monotonic()
    same = ["--seed", str(options.seed), "--keep", str(options.keep)]
    with ThreadPoolExecutor(options.jobs) as pool:
        pieces = list(pool.map(lambda p: _in_its_own(same, *p), pieces_of(chosen, options.inputs)))
    return _printed(pieces, time.monotonic() - began_s, options.seed)
