"""The options of a load: flag, environment variable, default, help. settings.resolve() checks what is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bizra_load.settings.defaults import DEFAULT_AGREEMENT
from sla.judgement.run_checks import ALLOWABLE

if TYPE_CHECKING:  # importing Locust patches the standard library, and takes a second: the other verbs do without
    pass

# (flag, environment variable, default, help). Everything is text until resolve() has checked it, so that every mistake
# is answered in the same way wherever it was made: command line, environment or web form.
ARGUMENTS: tuple[tuple[str, str | None, str, str], ...] = (
    ("--target-ops", "TARGET_OPS_SEC", "1000", "Planned arrival rate in steady state, operations per second"),
    ("--ramp", "RAMP_UP_SEC", "10s", "Linear ramp from 0 to the target rate"),
    ("--duration", "DURATION_SEC", "60s", "How long the target rate is held after the ramp"),
    ("--stages", "STAGES", "", "YAML file with ramps, steps, spikes and soaks; replaces the three above"),
    ("--ops-per-user", "OPS_PER_USER", "50", "Rate slot of one Locust user (one connection), operations per second"),
    ("--arrivals", "ARRIVALS", "constant", "constant or poisson; saturate: a closed model, as fast as answers come"),
    ("--agreement", "AGREEMENT", DEFAULT_AGREEMENT, "Name of a packaged agreement, or a YAML file"),
    ("--baseline", "BASELINE", "", "JSON file of baseline figures, or a packaged name, in place of the agreement's own"),
    ("--environment-name", "AGREEMENT_ENVIRONMENT", "", "Environment of the agreement whose deviations are accepted"),
    ("--metrics-url", "METRICS_URL", "", "The node's own /metrics, read once a second"),
    ("--prometheus-url", "PROMETHEUS_URL", "", "A Prometheus that scrapes the node, asked when the run has ended"),
    ("--prometheus-selector", "PROMETHEUS_SELECTOR", "", 'Label matchers of the node under test, e.g. job="node"'),
    ("--out", "BIZRA_LOAD_OUT", "runs", "Folder that run folders are made in"),
    ("--run-name", "RUN_NAME", "poi", "Name at the end of the run folder's name"),
    ("--verify-share", "VERIFY_SHARE", "1%", "Share of signatures that the client verifies itself, from 0 to 100 per cent"),
    ("--finality-share", "FINALITY_SHARE", "20%", "Share of finality checks among the operations of mixed.py"),
    ("--request-timeout", "REQUEST_TIMEOUT", "10s", "After this long an operation is counted as timed out"),
    ("--base-path", "BASE_PATH", "/api/v1", "Path before /poi/generate, /poi/verify and /finality"),
    ("--headers-file", "HEADERS_FILE", "", "File of extra request headers, one 'Name: value' a line"),
    (
        "--block-hashes",
        "BLOCK_HASHES",
        "",
        "File of finalized block hashes, one a line (default: the reference node's)",
    ),
    ("--ca-file", "CA_FILE", "", "Certificate authorities to trust for https"),
    ("--allow", "ALLOW", "", f"Checks of the run that may fail with a warning, comma-separated: {', '.join(ALLOWABLE)}"),
    ("--load-seed", "LOAD_SEED", "0", "Seed of phases, arrivals and sampling"),
    (
        "--generator-metrics-port",
        "GENERATOR_METRICS_PORT",
        "",
        "Serve the generator's own /metrics on this port (or ADDRESS:PORT) of the master",
    ),
    ("--fail-on", "FAIL_ON", "no-go", "no-go, or warn: GO WITH CAUTION and CONDITIONAL GO then exit with 3"),
)
SWITCHES: tuple[tuple[str, str], ...] = (
    ("--fire-request-events", "Fire Locust's request event for every operation (for listeners of your own; slower)"),
    ("--abort-on-fail", "Stop early when a critical objective breaks its target at the level 0.99 in three looks, 10 s apart"),
    ("--insecure", "Do not verify the server's TLS certificate; the assessment says so"),
)


def described(text: str, default: str, more: str = "") -> str:
    """A help text that argparse can format and a web form can show as it is: without per cent signs."""
    return f"{text} (default: {default.replace('%', ' per cent') or 'none'}{more})"
