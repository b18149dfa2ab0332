"""Agreements and baselines: packaged ones, files, and the copies that a run folder keeps."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bizra_load.archive.names import AGREEMENT, BASELINE
from bizra_load.exit_codes import UsageError
from bizra_load.io import yaml_text
from bizra_load.io.files import read_text, write_atomically
from bizra_load.judging.worded_agreements import with_objectives
from bizra_load.products import packaged_files, product_of
from bizra_load.settings.defaults import NO_AGREEMENT, OBJECTIVE
from bizra_load.settings.settings import Settings
from sla.values.agreement import FIGURES_ONLY, Agreement
from sla.values.agreement_parser import agreement_from_mapping
from sla.values.baseline import Baseline, baseline_from_mapping, is_measured, misspelt_figure, with_baseline
from sla.values.from_json import loads
from sla.values.section import unknown

SUFFIXES = (".yaml", ".yml")
OF_WORDS = OBJECTIVE  # how an agreement is called that --objective alone makes, and where its mistakes are


@dataclass(frozen=True)
class AgreementFile:
    """An agreement with its text and its baseline's, as they go into the run folder. `baseline` is None where there is none,
    or none yet: that of the run is measured when it starts.
    """

    agreement: Agreement
    baseline: Baseline | None
    text: str
    baseline_text: str

    @property
    def sha256(self) -> str:
        """SHA-256 of the agreement's text, in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def judged(self) -> Agreement:
        """The agreement with limits relative to the baseline made absolute, where the baseline has their figures."""
        return with_baseline(self.agreement, self.baseline)

    def check_environment(self, environment: str | None) -> None:
        """Raises UsageError for an environment that the agreement does not know; None is its default."""
        known = self.agreement.accepted
        if environment is not None and environment not in known:
            raise UsageError(f"--environment-name: {unknown(environment[:100], known)}")


def read_agreement(name: str, baseline: str = "", objectives: Sequence[str] = ()) -> AgreementFile:
    """A packaged agreement by name, or a YAML file, with `objectives` in words added; "" and NO_AGREEMENT are an agreement of
    these alone, and figures_only() without any. With `baseline` (a file, or a packaged one) in place of its own. Raises
    UsageError with file, key, what is wrong and what is allowed.
    """
    name = "" if name == NO_AGREEMENT else name
    if not (name or objectives):
        return figures_only()
    content, where = _text(name, "agreements", SUFFIXES, "--agreement") if name else ("", OF_WORDS)
    agreement = _agreement(content, where) if name else FIGURES_ONLY
    if objectives:
        content = with_objectives(content, objectives)
        agreement = _agreement(content, OF_WORDS)
    baseline_text = ""
    if baseline:
        baseline_text, _ = _text(baseline, "baselines", (".json",), "--baseline")
        given = _baseline(baseline_text, Path(baseline).name)
        check_figures(agreement, given, where)
        return AgreementFile(agreement, given, content, baseline_text)
    if agreement.baseline and not is_measured(agreement):
        beside = str(Path(where).parent / agreement.baseline) if agreement.baseline.endswith(".json") else agreement.baseline
        baseline_text, _ = _text(beside, "baselines", (".json",), f"{where}: baseline")
    own = _baseline(baseline_text, agreement.baseline)
    check_figures(agreement, own, where)
    return AgreementFile(agreement, own, content, baseline_text)


def named_operations(settings: Settings) -> frozenset[str]:
    """Those that the agreement's objectives name; none where it can't be read here: a worker may not have its file."""
    try:
        agreement = read_agreement(settings.agreement, "", settings.objectives).agreement
    except UsageError:
        return frozenset()
    return frozenset(operation for o in agreement.objectives for operation in o.operations)


def check_figures(agreement: Agreement, baseline: Baseline | None, where: str) -> None:
    """Raises UsageError where an objective's figure of the baseline was misspelt."""
    if misspelt := misspelt_figure(agreement, baseline):
        raise UsageError(f"{where}: {misspelt}")


def keep_agreement(folder: Path, file: AgreementFile) -> None:
    """Copy it into the run folder, so that the run can be judged again by the same words. Raises OSError."""
    if not file.text:  # figures_only()
        return
    write_atomically(folder / AGREEMENT, file.text)
    if file.baseline_text:
        write_atomically(folder / BASELINE, file.baseline_text)


def kept_agreement(folder: Path) -> AgreementFile:
    """The agreement and the baseline in a run folder. Raises UsageError."""
    path = folder / AGREEMENT
    try:
        content = read_text(path, follow=False)
        baseline_text = read_text(folder / BASELINE, follow=False) if (folder / BASELINE).exists() else ""
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror} (allowed: a run folder, or --agreement)") from None
    agreement = _agreement(content, str(path))
    return AgreementFile(agreement, _baseline(baseline_text, agreement.baseline), content, baseline_text)


def figures_only() -> AgreementFile:
    """What stands in for an agreement where there is none."""
    return AgreementFile(_of_its_product(FIGURES_ONLY), None, "", "")


def agreement_of_run(folder: Path) -> Agreement:
    """The agreement that a run folder keeps, or figures_only(). Raises UsageError."""
    return (kept_agreement(folder) if (folder / AGREEMENT).exists() else figures_only()).agreement


def measured_with_run(folder: Path) -> Baseline | None:
    """The baseline that was measured with the run, if one was: plain figures from elsewhere are not of the run's machine.
    Raises UsageError.
    """
    kept = kept_agreement(folder)
    measured = is_measured(kept.agreement) or (kept.baseline is not None and kept.baseline.machine)
    return kept.baseline if measured else None


def _agreement(content: str, where: str) -> Agreement:
    try:
        return _of_its_product(agreement_from_mapping(yaml_text.load(content)))
    except ValueError as error:  # AgreementError is one
        raise UsageError(f"{where}: {error}") from None


def _of_its_product(agreement: Agreement) -> Agreement:
    """The agreement with what its product says of a release. Raises AgreementError where there is no such product."""
    product = product_of(agreement)
    return replace(agreement, product=product.name, monitoring=product.required, deployment=product.deployment)


def read_baseline(path: Path) -> Baseline:
    """A packaged baseline by name, or a JSON file. Raises UsageError."""
    content, _ = _text(str(path), "baselines", (".json",), "--baseline")
    baseline = _baseline(content, path.name)
    if baseline is None:
        raise UsageError(f"{path}: is empty")
    return baseline


def baseline_sha256(path: Path) -> str:
    """SHA-256 of the text that read_baseline() reads. Raises UsageError."""
    return hashlib.sha256(_text(str(path), "baselines", (".json",), "--baseline")[0].encode()).hexdigest()


def _baseline(content: str, name: str) -> Baseline | None:
    if not content:
        return None
    try:
        return baseline_from_mapping(loads(content), name)
    except RecursionError:
        raise UsageError(f"baseline {name}: nested too deeply") from None
    except ValueError as error:
        raise UsageError(f"baseline {name}: {error}") from None


def _text(name: str, folder: str, suffixes: tuple[str, ...], option: str) -> tuple[str, str]:
    """(text, where it is) of a packaged file by its name, or of a path."""
    try:
        if name.endswith(suffixes):
            return read_text(Path(name)), name
        packaged = {path.name.removesuffix(suffixes[0]): path for path in packaged_files(folder, suffixes[0])}
        if name in packaged:
            return packaged[name].read_text(encoding="utf-8"), name
    except (OSError, ValueError) as error:
        raise UsageError(f"{option}: {name}: {getattr(error, 'strerror', None) or error}") from None
    raise UsageError(f"{option}: {unknown(name[:100], [*sorted(packaged), f'a {suffixes[0]} file'])}")
