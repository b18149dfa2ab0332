"""The four steps of a validation, one after the other; what a failed one does not prevent is done all the same.

1 import the dashboard · 2 load test · 3 panels and metrics from Prometheus · 4 report and decision
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bizra_load.archive.checksums import named, sha256_of
from bizra_load.archive.names import ASSESSMENT
from bizra_load.archive.store import read_facts
from bizra_load.exit_codes import BizraLoadError
from bizra_load.io.files import set_aside, write_atomically, writing
from bizra_load.io.trust import THIS_MACHINES, Trust
from bizra_load.io.utc import utc_now
from bizra_load.judging.agreements import AgreementFile, kept_agreement
from bizra_load.judging.artifacts import DOCUMENTS, read_assessment, write_artifacts
from bizra_load.judging.evidence import named_files
from bizra_load.judging.real_traffic import REPORT, query_of_last, query_of_run, validate_and_print
from bizra_load.monitoring import grafana
from bizra_load.monitoring.rule_check import check_rules, job_of, unmade_rules
from bizra_load.products import product_of
from bizra_load.server_metrics.prometheus_api import PrometheusClient
from bizra_load.settings.remedies import WORDS
from bizra_load.validation import dashboard
from bizra_load.validation.log import Log
from reports.results import rules_check, validated
from reports.results.validated import ValidationReport
from sla.judgement.decision import STRATEGY, exit_code_of_all, strategy_for
from sla.judgement.monitored import MetricsAssessment
from sla.release.checklist import RULES
from sla.release.validation import Outcome, StepResult, combined
from sla.values.agreement import Agreement
from sla.values.assessment import Assessment, Decision
from sla.values.section import AgreementError
from sla.values.strategy import rehearsed

VALIDATED, DASHBOARD_URL, DASHBOARD_CHECK = "validated.json", dashboard.URL_FILE, dashboard.CHECK_FILE
RULES_CHECK = "rules-check.json"
LAST_S = 900.0  # the window of traffic that is judged where there is no load test
STEPS = 4
Load = Callable[[], tuple[int, Path]]


@dataclass(frozen=True)
class Plan:
    """What is validated. `load` puts the load on: (exit code, run folder), or raises BizraLoadError before anything was sent.

    prometheus_url   "" where there is none
    evidence         NAME=PATH words of the user's, which `load` hands to the run
    """

    load: Load
    file: AgreementFile
    agreement: str
    environment: str | None
    target: str
    prometheus_url: str
    selector: str
    artifacts: Path
    evidence: tuple[str, ...]
    fail_on_warn: bool
    rehearsal: bool
    trust: Trust = THIS_MACHINES
    place: grafana.Place = grafana.ANYWHERE

    @property
    def judged_in(self) -> str:
        """The environment whose accepted deviations count."""
        return self.environment or self.file.agreement.default_environment

    @property
    def dashboard_subject(self) -> dashboard.DashboardSubject:
        file = self.file
        return dashboard.DashboardSubject(
            file.judged, file.sha256, self.agreement, self.judged_in, self.selector, self.place, self.trust
        )


def set_documents_aside(artifacts: Path, evidence: Sequence[str]) -> None:
    """Move what an earlier validation left in the artifacts folder aside, but for a file that is given as evidence. Raises
    UsageError where that can't be done.
    """
    names = (*DOCUMENTS, REPORT, DASHBOARD_URL, DASHBOARD_CHECK, RULES_CHECK, VALIDATED)
    set_aside(artifacts, names, f"--artifacts: {artifacts}", named_files(evidence))


class Suite:
    """One validation by a plan: begin() before anything is started that can fail, then run()."""

    def __init__(self, plan: Plan, log: Log) -> None:
        self._plan = plan
        self._log = log
        self._folder: Path | None = None
        self._made: dict[str, str] = {}  # evidence of this validation's own: its name, its file
        self._instead = {RULES}  # of it, what counts whatever file was given: what is loaded is what was asked now

    def begin(self) -> None:
        """Move what an earlier validation left aside, but for a file that the user gives as evidence; and write a
        `validated.json` that says INVALID. Raises UsageError when the artifacts folder can't be written.
        """
        set_documents_aside(self._plan.artifacts, self._plan.evidence)
        unfinished = StepResult("validation", "The validation", Outcome.FAILED, "it has not finished", Decision.INVALID)
        self._write(self._validation([unfinished], None))  # what a canary controller finds when we are killed

    def rehearse(self, load: Load, target: str, prometheus_url: str, selector: str) -> None:
        """On a node and under a Prometheus that were started since begin(): what the plan could not know before."""
        self._plan = dataclasses.replace(self._plan, load=load, target=target, prometheus_url=prometheus_url, selector=selector)

    def run(self) -> ValidationReport:
        """All steps, each logged, and `validated.json`. Raises UsageError when the artifacts folder can't be written."""
        self._log.title(f"Validation by {self._plan.file.agreement.name}")
        imported = self._step(1, "Importing Grafana dashboard", self._import_dashboard)
        load = self._step(2, "Running the load test", self._load_test)
        metrics = self._step(3, "Validating metrics against the agreement", self._metrics)
        before = (imported, load, metrics)
        report = self._step(4, "Writing report and decision", partial(self._report, before))
        validation = self._validation([*before, report], self._assessment())
        self._write(validation)
        self._mark(validation)
        self._log.summary(validation, self._plan.artifacts / VALIDATED)
        return validation

    def _step(self, number: int, what: str, do: Callable[[], StepResult]) -> StepResult:
        self._log.info(f"Step {number}/{STEPS}: {what}...")
        result = do()
        self._log.result(result)
        return result

    def _import_dashboard(self) -> StepResult:
        key, title, agreement = "dashboard", "Dashboard import", self._plan.file.agreement
        if not agreement.monitoring.any:
            return StepResult(key, title, Outcome.SKIPPED, f"product {agreement.product} has no dashboard", needed=False)
        try:
            imported = dashboard.import_own(self._plan.dashboard_subject, self._plan.artifacts, self._log.info)
        except BizraLoadError as error:
            return StepResult(key, title, Outcome.FAILED, str(error))
        if imported is None:
            return StepResult(key, title, Outcome.SKIPPED, "GRAFANA_URL is not set", needed=False)
        return StepResult(key, title, Outcome.DONE, f"imported: {imported.url}")

    def _load_test(self) -> StepResult:
        key, title = "load_test", "Load test"
        try:
            _, self._folder = self._plan.load()
        except BizraLoadError as error:
            return StepResult(key, title, Outcome.FAILED, str(error), Decision.INVALID)
        assessment = self._assessment()
        if assessment is None:
            return StepResult(key, title, Outcome.FAILED, f"{self._folder}: was not assessed", Decision.INVALID)
        return _judged(StepResult(key, title, Outcome.DONE, ""), assessment)

    def _metrics(self) -> StepResult:
        key, title, plan = "metrics", "Metrics validation", self._plan
        if not plan.file.agreement.server_metrics:
            return StepResult(key, title, Outcome.SKIPPED, "the agreement names no metrics of the service", needed=False)
        lacking = "" if plan.prometheus_url else "PROMETHEUS_URL is not set"
        if lacking or (self._folder is None and plan.rehearsal):
            return StepResult(key, title, Outcome.SKIPPED, lacking or "there was no load")
        try:
            if plan.file.agreement.monitoring.any:
                self._check_panels()
                self._check_rules()
            asked = query_of_last(LAST_S, plan.file, plan.environment)
            if self._folder is not None:
                asked = query_of_run(self._folder)
            else:
                self._log.info(f"There was no load test: the last {LAST_S / 60:g} minutes of traffic instead")
            assessment = validate_and_print(
                plan.prometheus_url, plan.selector, asked, plan.artifacts, None, plan.fail_on_warn, plan.trust
            )
        except BizraLoadError as error:
            return StepResult(key, title, Outcome.FAILED, str(error))
        return _judged(StepResult(key, title, Outcome.DONE, ""), assessment)

    def _check_panels(self) -> None:
        """Right after the load: before it they may have had nothing to show."""
        url = _text(self._plan.artifacts / DASHBOARD_URL)
        try:
            check = dashboard.check(self._plan.dashboard_subject, self._plan.prometheus_url, url)
            dashboard.write_check(check, named(self._folder), self._plan.dashboard_subject, self._plan.artifacts)
        except BizraLoadError as error:
            self._log.info(f"The dashboard's panels could not be checked: {error}")
            return
        self._made["monitoring"] = DASHBOARD_CHECK
        if not check.passed:  # a file that passed was of another moment
            self._instead.add("monitoring")
        passed = sum(p.passed for p in check.panels)
        self._log.info(f"{passed} of {len(check.panels)} dashboard panels return data, queried through {check.asked}")

    def _check_rules(self) -> None:
        """Are the agreement's alert rules, on the job under validation, loaded where they are to fire?"""
        plan, own = self._plan, self._plan.dashboard_subject.job
        client = PrometheusClient.with_token_of_environment(plan.prometheus_url, trust=plan.trust)
        product, agreement = product_of(plan.file.judged), plan.file.judged
        job = own or job_of(client, agreement, plan.selector)
        asked = f'job {product.job}, since --prometheus-selector names none by job="..." and its nodes are not in one job'
        if job:
            asked = f"job {job}" + ("" if own else ", which all nodes of --prometheus-selector are in")
        try:
            rules = product.alert_rules(agreement, job or product.job)
            check = check_rules(client, rules, agreement.name, plan.file.sha256, job, asked)
        except AgreementError as error:
            check = unmade_rules(client, str(error), agreement.name, plan.file.sha256, job, asked)
        with writing(f"--artifacts: {plan.artifacts}"):
            write_atomically(plan.artifacts / RULES_CHECK, rules_check.render_json(check, named(self._folder)))
        self._made["rules"] = RULES_CHECK
        self._log.info(rules_check.in_words(check))

    def _report(self, before: Sequence[StepResult]) -> StepResult:
        """The documents say what the whole validation says, this step included: done, or there are no documents."""
        key, title, plan = "report", "Report and decision", self._plan
        if self._folder is None:
            return StepResult(key, title, Outcome.SKIPPED, "there is no load test to report", needed=False)
        given = {word.partition("=")[0].strip() for word in plan.evidence} - self._instead
        words = [f"{name}={plan.artifacts / file}" for name, file in self._made.items() if name not in given]
        done = StepResult(key, title, Outcome.DONE, f"written: {', '.join(DOCUMENTS)}")
        try:
            write_artifacts(self._folder, plan.artifacts, words, partial(self._validation, [*before, done]))
        except BizraLoadError as error:
            for name in DOCUMENTS:
                with suppress(OSError):
                    (plan.artifacts / name).unlink(missing_ok=True)
            return StepResult(key, title, Outcome.FAILED, str(error))
        return done

    def _mark(self, report: ValidationReport) -> None:
        """The load test marked itself in Grafana, with its own decision: that of the validation is the one that counts."""
        if self._folder is None:
            return
        try:
            name, facts = read_facts(self._folder)
        except BizraLoadError as error:
            self._log.info(f"The load test was not marked in Grafana: {error}")
            return
        test = grafana.LoadTest(self._folder.name, name, facts.load_started_ns, facts.load_ended_ns)
        grafana.mark_if_there_is_one(test, report.decision.value, report.summary, self._plan.trust)

    def _judged_by(self) -> Agreement:
        """The agreement with the limits that the load test was judged by."""
        return (kept_agreement(self._folder) if self._folder else self._plan.file).judged

    def _assessment(self) -> Assessment | None:
        folder = self._folder
        return read_assessment(folder) if folder and (folder / ASSESSMENT).exists() else None

    def _validation(self, steps: Sequence[StepResult], assessment: Assessment | None) -> ValidationReport:
        plan = self._plan
        if assessment is not None:  # judged again with the evidence of step 3
            steps = [_judged(s, assessment) if s.key == "load_test" else s for s in steps]
        decision, summary = combined(steps)
        strategy = STRATEGY[decision]
        if assessment is not None:
            same = assessment.decision is decision and assessment.strategy is not None
            strategy = (
                assessment.strategy  # type: ignore[assignment]  # it is not None where it is the same
                if same
                else strategy_for(decision, self._judged_by(), assessment.objectives, assessment.evidence, WORDS)
            )
        if plan.rehearsal and strategy.steps:  # one of real traffic alone, or of another decision than the run's
            strategy = rehearsed(strategy)
        metrics = plan.artifacts / REPORT if any(s.key == "metrics" and s.outcome is Outcome.DONE for s in steps) else None
        return ValidationReport(
            decision=decision,
            exit_code=exit_code_of_all(decision, (s.exit_code for s in steps)),
            summary=summary,
            rehearsal=plan.rehearsal,
            at=utc_now(),
            target=plan.target,
            agreement=plan.file.agreement.name,
            environment=plan.judged_in,
            strategy=strategy,
            dashboard_url=_text(plan.artifacts / DASHBOARD_URL),
            run=str(self._folder or ""),
            assessment_sha256=sha256_of(self._folder / ASSESSMENT) if self._folder and assessment else "",
            metrics_report=str(metrics or ""),
            metrics_report_sha256=sha256_of(metrics) if metrics else "",
            steps=tuple(steps),
        )

    def _write(self, report: ValidationReport) -> None:
        artifacts = self._plan.artifacts
        with writing(f"--artifacts: {artifacts}"):
            write_atomically(artifacts / VALIDATED, validated.render_json(report))


def _judged(step: StepResult, by: Assessment | MetricsAssessment) -> StepResult:
    return dataclasses.replace(step, text=by.summary, decision=by.decision, exit_code=by.exit_code)


def _text(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(encoding="utf-8").strip()
    return ""
