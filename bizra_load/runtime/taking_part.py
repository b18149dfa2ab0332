"""Whether a worker can take part in its master's run, and what becomes of one that can't: it may lack a file that is named."""

from __future__ import annotations

import sys
from typing import Any

import gevent
from gevent.event import Event
from locust.env import Environment
from locust.runners import WorkerRunner

from bizra_load.exit_codes import UsageError, one_line
from bizra_load.measure.cluster_key import ClusterKey
from bizra_load.products import settings_of
from bizra_load.runtime.exit_code import ExitCode
from bizra_load.settings.settings import Settings

REFUSED = "bizra_refused"  # from a worker: {"why": one line, "mac": ...}


def settings_or_end(environment: Environment, key: ClusterKey, exit_code: ExitCode) -> Settings:
    """Those that the master has sent. Where they can't be used here, this process ends before it has users: the greenlet that
    would make them, which calls this one, comes no further.
    """
    try:
        return settings_of(environment.parsed_options, on_a_worker=True)
    except UsageError as error:
        print(f"bizra-load: this worker takes no part: {error}", file=sys.stderr, flush=True)
        exit_code.is_ours(error.exit_code)
        worker = environment.runner
        assert isinstance(worker, WorkerRunner), "a single process is its own master, which has checked them"
        worker.send_message(REFUSED, {"why": str(error), "mac": key.sign(REFUSED, worker.client_id, str(error))})
        gevent.spawn(worker.quit)
        Event().wait()
        raise


def show_refusal(worker: str, data: object, key: ClusterKey) -> None:
    """On the master: one line, of a message that such a worker has sent."""
    message: dict[str, Any] = data if isinstance(data, dict) else {}
    if isinstance(why := message.get("why"), str) and key.holds(message.get("mac"), REFUSED, worker, why):
        print(f"bizra-load: worker {one_line(worker)} takes no part: {one_line(why)}", file=sys.stderr, flush=True)
