"""What users of a locustfile's own do that no figure of their requests shows: code that fails, and waiting for a response."""

from __future__ import annotations

from sla.judgement.outages.ceased import ceased
from sla.judgement.outages.failing_end import LEAST
from sla.values.agreement import TASK
from sla.values.assessment import Check, Status, check
from sla.values.measurements import Measurements
from sla.values.window import EXCEPTION

EXCEPTIONS = 0.01  # of all tasks, or requests: what a rare one leaves out changes no figure
MEND = "mend the locustfile's code, or have it report a wrong response as a failure (catch_response, response.failure())"
CEASED = "find out why the service ceased to respond"


def exceptions(measurements: Measurements) -> list[Check]:
    """Exceptions of the locustfile's code. Where tasks are measured, those it ended are known; in newer runs also those that
    followed from no failed request. In others there are at least as many as are more than the requests that failed, each of
    which may have raised one.
    """
    windows, facts = measurements.windows, measurements.facts
    ended = sum(w.failed.get(EXCEPTION, 0) for w in windows)
    tasks = [w for w in windows if w.operation.startswith(TASK)]
    known = bool(tasks) or facts.unexplained_exceptions >= 0
    failures = 0 if known else sum(w.failures for w in windows)
    others = 0 if tasks else facts.unexplained_exceptions if known else facts.exceptions - failures
    own = max(ended, others)
    if own <= 0:
        return []
    done = sum(w.finished for w in tasks) or own + sum(w.finished for w in windows)
    share, at_least = own / max(done, own), "at least " if failures else ""
    text = f"the locustfile's code raised {at_least}{own:,} exception{'s' * (own > 1)} that no failed request explains: "
    text += f"{100 * share:.1f} % of its tasks" if tasks else f"beside {done - own:,} requests"
    status = Status.FAIL if share > EXCEPTIONS else Status.WARN
    return [check("exceptions", "Exceptions", True, text, share, EXCEPTIONS, "ratio", status, advice=MEND)]


def no_response(measurements: Measurements) -> list[Check]:
    if (silence := ceased(measurements)) is None:
        return []
    figure = float(silence.seconds)
    return [check("no_response", "Responses at the end", True, str(silence), figure, float(LEAST), "s", advice=CEASED)]
