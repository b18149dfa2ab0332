"""The dashboards of an agreement: the node's, and one for each environment."""

from __future__ import annotations

import hashlib
import re

from bizra_load.exit_codes import UsageError
from bizra_load.judging.agreements import read_agreement
from bizra_load.monitoring.dashboard_library import library
from bizra_load.poi.panels import TEMPLATES, node_panels
from sla.values.agreement import Agreement
from sla.values.section import AgreementError

NODE = "grafana-rust-metrics"
UID, TITLE = "bizra-node", "BIZRA node"
_IN_UID = 20  # characters of an environment's name: Grafana allows 40 for all


def dashboards(agreement_name: str, baseline: str = "") -> dict[str, str]:
    """File name -> JSON. Raises UsageError."""

    def node(name: str, environment: str) -> str:
        try:
            return node_dashboard(read_agreement(name, baseline).judged, environment)
        except AgreementError as error:
            raise UsageError(f"{name}: {error}") from None

    texts = {f"{NODE}.json": node(agreement_name, "")}
    return texts | {f"{NODE}-{environment}.json": node(name, environment) for environment, (name, _) in TEMPLATES.items()}


def node_dashboard(agreement: Agreement, environment: str = "", job: str = "") -> str:
    """JSON of the node's dashboard in an environment of the agreement, with thresholds and a uid of its own; "" is that of no
    environment. It begins with the nodes of one `job`; "" is all. Raises AgreementError, and UsageError without its library.
    """
    title, uid = TITLE, UID
    if environment:
        title += f", {TEMPLATES[environment][1] if environment in TEMPLATES else environment}"
        uid += f"-{_plain(environment)}"
    total = agreement.operations["generate"].total if "generate" in agreement.operations else ""
    text: str = library().node_dashboard(node_panels(agreement, environment), title, uid, total, job)
    return text


def _plain(environment: str) -> str:
    """As a part of a uid; what had to be changed is told apart by a hash."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "-", environment)[:_IN_UID]
    return plain if plain == environment else f"{plain}-{hashlib.sha256(environment.encode()).hexdigest()[:8]}"
