"""Panels -> Grafana dashboards, built with Grafana's own foundation SDK (schema of Grafana 11.6)."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.builders import common, dashboard, prometheus, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models import dashboard as models

from bizra_load.monitoring.panels import Panel, ThresholdLine
from sla.values.promql import once

REFRESH = "5s"
TAG = "bizra"
_SOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
_OWN = models.DataSourceRef(type_val="grafana", uid="-- Grafana --")


def node_dashboard(panels: Sequence[Panel], title: str, uid: str, total: str, job: str = "") -> str:
    """JSON of a node's dashboard. `total` is a counter whose series name the jobs and instances to choose from; it begins with
    `job`, or with all where that is "".
    """
    built = _dashboard(title, uid, "The node's own metrics, beside the limits of its agreement.", panels, total, job)
    instances = (
        dashboard.QueryVariable("instance")
        .label("Instance")
        .datasource(_SOURCE)
        .query(f'label_values({total}{{job=~"$job"}}, instance)')
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .multi(True)
        .include_all(True)
        .current(_everything())
    )
    started_again = once('changes(process_start_time_seconds{job=~"$job", instance=~"$instance"}[$__rate_interval])')
    restarts = (
        dashboard.AnnotationQuery()
        .name("Restarts")
        .datasource(_SOURCE)
        .expr(f"{started_again} > 0")
        .icon_color("purple")
        .enable(True)
    )
    return _json(built.with_variable(instances).annotation(restarts))


def generator_dashboard(panels: Sequence[Panel]) -> str:
    """JSON of the load generator's dashboard."""
    what = "The load generator's own metrics: whether it kept its plan, and how long users waited."
    return _json(_dashboard("BIZRA load generator", "bizra-load", what, panels, "bizra_load_operations_started_total"))


def _dashboard(title: str, uid: str, what: str, panels: Sequence[Panel], total: str, job: str = "") -> dashboard.Dashboard:
    jobs = (
        dashboard.QueryVariable("job")
        .label("Job")
        .datasource(_SOURCE)
        .query(f"label_values({total}, job)")
        .refresh(models.VariableRefresh.ON_DASHBOARD_LOAD)
        .multi(True)
        .include_all(True)
        .current(models.VariableOption(selected=True, text=[job], value=[job]) if job else _everything())
    )
    built = (
        dashboard.Dashboard(title)
        .uid(uid)
        .description(what)
        .tags([TAG])
        .readonly()
        .refresh(REFRESH)
        .time("now-30m", "now")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .with_variable(dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus"))
        .with_variable(jobs)
        .annotation(_events("Deployments", "deployment", "blue"))
        .annotation(_events("Load tests", "load-test", "orange"))
    )
    for panel in panels:
        built = built.with_panel(_panel(panel))
    return built


def _panel(panel: Panel) -> timeseries.Panel:
    built = (
        timeseries.Panel()
        .title(panel.title)
        .description(panel.description)
        .datasource(_SOURCE)
        .unit(panel.unit)
        .min(0)
        .height(8)
        .span(12)
        .fill_opacity(5)
        .line_width(2)
        .legend(
            common.VizLegendOptions()
            .display_mode(kinds.LegendDisplayMode.TABLE)
            .placement(kinds.LegendPlacement.BOTTOM)
            .show_legend(True)
            .calcs(["lastNotNull", "max"])
        )
        .tooltip(common.VizTooltipOptions().mode(kinds.TooltipDisplayMode.MULTI))
        .thresholds(dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(_steps(panel.line)))
    )
    if panel.line:
        built = built.thresholds_style(common.GraphThresholdsStyleConfig().mode(kinds.GraphThresholdsStyleMode.LINE))
    for number, (legend, expression) in enumerate(panel.queries.items()):
        built = built.with_target(
            prometheus.Dataquery().expr(expression).legend_format(legend).ref_id(chr(ord("A") + number)).datasource(_SOURCE)
        )
    return built


def _steps(line: ThresholdLine | None) -> list[models.Threshold]:
    good, bad = "green", "red"
    if line is None:
        return [models.Threshold(value=None, color=good)]
    below, above = (good, bad) if line.bad == "above" else (bad, good)
    return [models.Threshold(value=None, color=below), models.Threshold(value=line.value, color=above)]


def _events(name: str, tag: str, colour: str) -> dashboard.AnnotationQuery:
    """Annotations that somebody posts to Grafana with this tag."""
    target = dashboard.AnnotationTarget().limit(100).match_any(False).tags([tag]).type("tags")
    return dashboard.AnnotationQuery().name(name).datasource(_OWN).enable(True).icon_color(colour).target(target)


def _everything() -> models.VariableOption:
    return models.VariableOption(selected=True, text="All", value="$__all")


def _json(built: dashboard.Dashboard) -> str:
    return JSONEncoder(sort_keys=True, indent=2).encode(built.build()) + "\n"
