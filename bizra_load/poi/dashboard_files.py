"""The dashboards of an agreement as files: the node's, one for each environment, and the load generator's."""

from __future__ import annotations

from bizra_load.exit_codes import UsageError
from bizra_load.judging.agreements import read_agreement
from bizra_load.monitoring.panels import generator_panels
from bizra_load.poi.panels import TEMPLATES, node_panels
from sla.values.section import AgreementError

NODE, GENERATOR = "grafana-rust-metrics", "grafana-load-generator"
UID, TITLE = "bizra-node", "BIZRA node"


def dashboards(agreement_name: str, baseline: str = "") -> dict[str, str]:
    """File name -> JSON. Raises UsageError."""
    try:
        from bizra_load.monitoring.dashboards import generator_dashboard, node_dashboard
    except ImportError:
        raise UsageError("grafana-foundation-sdk is missing (install it: pip install 'bizra-load[grafana]')") from None

    def node(name: str, title: str, uid: str, environment: str) -> str:
        agreement = read_agreement(name, baseline).judged
        try:
            panels = node_panels(agreement, environment)
        except AgreementError as error:
            raise UsageError(f"{name}: {error}") from None
        return node_dashboard(panels, title, uid, agreement.operations["generate"].total)

    texts = {f"{NODE}.json": node(agreement_name, TITLE, UID, "")}
    for environment, (name, described) in TEMPLATES.items():
        texts[f"{NODE}-{environment}.json"] = node(name, f"{TITLE}, {described}", f"{UID}-{environment}", environment)
    return texts | {f"{GENERATOR}.json": generator_dashboard(generator_panels())}
