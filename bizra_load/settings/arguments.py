"""The options of a load, one row each: flag, environment variable, default, help and check.

Everything is text until its check has seen it, so that every mistake is refused in the same way wherever it was made: command
line, environment or web form. A new option is a row here and a field of Settings; one that only a product's users read is a row
in bizra_load/<product>/options.py (bizra_load.products.added_options).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bizra_load.engine.arrivals import KINDS, SATURATE
from bizra_load.engine.stages import NAMED
from bizra_load.io.units import duration_s, rate_per_s
from bizra_load.settings import inputs
from bizra_load.settings.defaults import DEFAULT_OUT, OUT_VARIABLE
from sla.judgement.checks.allowable import ALLOWABLE

_rate = inputs.within(rate_per_s, inputs.MAX_RATE_PER_S, "ops/s")
_length = inputs.within(duration_s, inputs.MAX_DURATION_S, "s")
_length_or_none = inputs.within(duration_s, inputs.MAX_DURATION_S, "s", zero=True)

FILES = (".yaml", ".yml", ".json")  # by these endings a value of "or a name" is a path


class Default(str):
    """A text of a parsed command line that nobody gave."""


@dataclass(frozen=True)
class Option:
    """`check` turns the text into the option's value, or raises ValueError or OSError with what is allowed.

    path    whether its value is a path of this machine: such a one is not taken from a web form unless that was allowed at the
            start
    there   (text, what its file holds) -> its value on a worker, where a path of the master's leads nowhere; None: as `check`
            has it, so that a file of that path must be there too
    names   values that are no paths, where a path may be "or a name"; elsewhere all that there are
    """

    flag: str
    variable: str
    default: str
    help: str
    check: Callable[[str], Any]
    on_the_web_form: bool = True
    path: Literal["no", "yes", "or a name"] = "no"
    names: tuple[str, ...] = ()
    there: Callable[[str, str], Any] | None = None

    @property
    def name(self) -> str:
        """Its attribute of a parsed command line."""
        return attribute(self.flag)

    def leads_to_a_file(self, value: str) -> bool:
        """Whether a file or folder is opened by this value."""
        if self.path == "or a name" and self.names:
            return bool(value) and value not in self.names
        return self.path == "yes" or (self.path == "or a name" and value.endswith(FILES))


@dataclass(frozen=True)
class Switch:
    """An option without a value."""

    flag: str
    help: str
    on_the_web_form: bool = True

    @property
    def name(self) -> str:
        """Its attribute of a parsed command line."""
        return attribute(self.flag)


def attribute(flag: str) -> str:
    """The name that argparse gives to an option's value."""
    return flag[2:].replace("-", "_")


# fmt: off
GENERAL: tuple[Option, ...] = (
    Option("--target-ops", "TARGET_OPS_SEC", "1000", "Planned arrival rate in steady state, operations per second", _rate),
    Option("--ramp", "RAMP_UP_SEC", "10s", "Linear ramp from 0 to the target rate", _length_or_none),
    Option("--duration", "DURATION_SEC", "60s", "How long the target rate is held after the ramp", _length),
    Option("--stages", "STAGES", "",
           f"{', '.join(NAMED)} at the target rate, or a YAML file of stages with rates of its own; replaces ramp and duration",
           inputs.stages, path="or a name", names=tuple(NAMED), there=inputs.stages_there),
    Option("--ops-per-user", "OPS_PER_USER", "50", "Rate slot of one Locust user (one connection), operations per second",
           _rate),
    Option("--arrivals", "ARRIVALS", "constant", "constant or poisson; saturate: a closed model, as fast as responses come",
           inputs.one_of((*KINDS, SATURATE)), names=(*KINDS, SATURATE)),
    Option("--agreement", "AGREEMENT", "", "Name of a packaged agreement, or a YAML file; none: figures without a verdict",
           inputs.anything, path="or a name"),  # without one, nor --objective: that of the locustfile's product
    Option("--baseline", "BASELINE", "", "JSON file of baseline figures, or a packaged name, in place of the agreement's own",
           inputs.anything, path="or a name"),
    Option("--environment-name", "AGREEMENT_ENVIRONMENT", "", "Environment of the agreement whose deviations are accepted",
           inputs.anything),
    Option("--metrics-url", "METRICS_URL", "", "The node's own /metrics, read once a second", inputs.page_url),
    Option("--prometheus-url", "PROMETHEUS_URL", "", "A Prometheus that scrapes the node, queried when the run has ended",
           inputs.base_url),
    Option("--prometheus-selector", "PROMETHEUS_SELECTOR", "", 'Label matchers of the node under test, e.g. job="node"',
           inputs.selector),
    Option("--out", OUT_VARIABLE, DEFAULT_OUT, "Folder that run folders are made in", inputs.out_folder, path="yes",
           there=lambda text, _: Path(text)),  # nothing is written there
    Option("--run-name", "RUN_NAME", "", "End of the run folder's name; without it, the product's name", inputs.run_name),
    Option("--request-timeout", "REQUEST_TIMEOUT", "10s",
           "After this long an operation of users of ours is counted as timed out; at the end, how long any is waited for",
           inputs.within(duration_s, inputs.MAX_TIMEOUT_S, "s")),
    Option("--headers-file", "HEADERS_FILE", "",
           "File of extra request headers of users of ours, one 'Name: value' a line", inputs.headers, path="yes"),
    Option("--ca-file", "CA_FILE", "", "Certificate authorities to trust for https", inputs.ca_file, path="yes"),
    Option("--allow", "ALLOW", "",
           f"Checks of the run that may fail with a warning, comma-separated: {', '.join(ALLOWABLE)}", inputs.allowed_checks),
    Option("--fold-names", "FOLD_NAMES", "auto",
           "Names of requests that differ in ids alone as one: auto, off, or a file of lines 'PATTERN -> NAME'", inputs.folding,
           path="or a name", names=("auto", "off"), there=inputs.folding_there),
    Option("--group-by", "GROUP_BY", "",
           "Tell requests of one name apart by these keys of Locust's context, comma-separated, such as tenant,plan",
           inputs.context_keys),
    Option("--load-seed", "LOAD_SEED", "0", "Seed of phases, arrivals and sampling", inputs.seed),
    Option("--generator-metrics-port", "GENERATOR_METRICS_PORT", "",
           "Serve the generator's own /metrics on this port (or ADDRESS:PORT) of the master", inputs.listening_address,
           on_the_web_form=False),  # taken once, before there is a web form
    Option("--fail-on", "FAIL_ON", "no-go", "no-go, or warn: GO WITH CAUTION and CONDITIONAL GO then exit with 3",
           inputs.one_of(("no-go", "warn")), names=("no-go", "warn")),
)
# fmt: on
SWITCHES: tuple[Switch, ...] = (
    Switch(
        "--fire-request-events",
        "Fire Locust's request event for every operation of users of ours (for listeners of your own; slower)",
    ),
    Switch(
        "--pace-tasks",
        "One task at a time is due at the planned rate, of any user class (bizra-load run: --target-ops or --stages with -f)",
        on_the_web_form=False,  # a rate there says it
    ),
    Switch(
        "--abort-on-fail",
        "Stop early when a critical objective misses its target at the level 0.995, in looks from 40 s of judged load on",
    ),
    Switch(
        "--stop-when-decided",
        "Stop as soon as every objective is decided, either way, in looks from 40 s on; "
        "the run is judged at the level 0.99 then. "
        "Not for a service that is slow for many seconds at a time: 40 s don't show that",
    ),
    Switch(
        "--insecure",
        "Verify no TLS certificate, of the target (users of ours), /metrics, Prometheus or Grafana; the assessment says so",
        on_the_web_form=False,
    ),
)


def described(text: str, default: str, more: str = "") -> str:
    """A help text that argparse can format and a web form can show as it is: without per cent signs."""
    return f"{text} (default: {default.replace('%', ' per cent') or 'none'}{more})"
