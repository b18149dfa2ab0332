"""What the rest of bizra_load knows of a product under test: one `Product` in `bizra_load/<name>/product.py`, found by name.

A new product (its own user class and options, agreements, alert rules, panels) is one new folder beside poi/. No code names it;
the contract of rooms in pyproject.toml and the page on the architecture do.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bizra_load.exit_codes import UsageError, one_line
from bizra_load.settings.arguments import GENERAL, SWITCHES, Option
from bizra_load.settings.defaults import NO_AGREEMENT
from bizra_load.settings.settings import Settings, resolve
from sla.values.agreement import Agreement
from sla.values.monitoring import RequiredMonitoring
from sla.values.section import AgreementError, unknown

if TYPE_CHECKING:  # every worker imports this module, and none of them has a use for panels, rules and what those import
    from bizra_load.monitoring.drills import DrillConditions, DrillPlan
    from bizra_load.monitoring.panels import Panel
    from bizra_load.monitoring.rules import AlertRule

ANY_SERVICE = "service"  # the product of which nothing is known


@dataclass(frozen=True)
class Product:
    """Every function raises AgreementError for an agreement that lacks what it needs.

    agreement          the packaged agreement that it is judged by where none is named; rehearsal_agreement: where no target is
                       given either; "": none
    scenario           the locustfile, one of ours, that loads it where none is given; "": one must be given
    reference_node     it is what bizra_load.node is: that one is loaded where no target is given, and measured alone for a
                       baseline; else a target must be given, and a baseline can only be a file
    operations         names of what its nodes carry out, by which an agreement that names no product is known to be on it
    job                what a Prometheus calls the scraping of its nodes
    deployment         what it is usually called on Kubernetes, where no evidence names it
    alert_rules        (agreement, job) -> its rules on the nodes of that job
    rule_tests         (agreement, its rules, the rule file's name, where runbooks are, job) -> content for `promtool test`
    panels             the panels of an agreement
    dashboards         (agreement's name, baseline's name or "") -> file name -> JSON, beside the load generator's own; raises
                       UsageError
    dashboard          (agreement, environment or "", job or "") -> JSON of the one that is imported; raises UsageError too
    drill_plan         what an alert drill provokes, and how; None: it has no drill
    """

    name: str
    job: str
    required: RequiredMonitoring
    alert_rules: Callable[[Agreement, str], tuple[AlertRule, ...]]
    rule_tests: Callable[[Agreement, Sequence[AlertRule], str, str, str], dict[str, Any]]
    panels: Callable[[Agreement], tuple[Panel, ...]]
    dashboards: Callable[[str, str], Mapping[str, str]]
    dashboard: Callable[[Agreement, str, str], str]
    drill_plan: Callable[[Agreement, DrillConditions], DrillPlan] | None = None
    agreement: str = ""
    rehearsal_agreement: str = ""
    scenario: str = ""
    reference_node: bool = False
    deployment: str = "my-service"
    operations: frozenset[str] = frozenset()


def _folders() -> list[Path]:
    """Those of all products that are installed, in the order of their names."""
    places = [Path(place) for place in sys.modules["bizra_load"].__path__]
    return sorted((path.parent for place in places for path in place.glob("*/product.py")), key=lambda folder: folder.name)


def names(holding: str = "product.py") -> tuple[str, ...]:
    """All products that are installed and have this module too, in the order of their names."""
    return tuple(folder.name for folder in _folders() if (folder / holding).exists())


def packaged_files(folder: str, suffix: str) -> tuple[Path, ...]:
    """The files that products bring in a folder of theirs, such as `agreements`. Raises UsageError where two have one name: one
    would be taken for the other.
    """
    files: dict[str, Path] = {}
    for product_folder in _folders():
        for path in sorted((product_folder / folder).glob(f"*{suffix}")):
            if path.name in files:
                raise UsageError(f"{path}: {files[path.name]} has its name already (allowed: a name that no other product has)")
            files[path.name] = path
    return tuple(files.values())


def _module_of(name: str, part: str) -> Any:
    """A module of a product. Raises UsageError for one that can't be imported, whatever it raises: it may be anybody's."""
    try:
        return importlib.import_module(f"bizra_load.{name}.{part}")
    except Exception as error:
        raise UsageError(
            f"bizra_load/{name}/{part}.py: can't be imported: {one_line(f'{type(error).__name__}: {error}')}"
        ) from None


def added_options() -> tuple[Option, ...]:
    """What products add to the options of a load: OPTIONS of bizra_load/<name>/options.py. Raises UsageError where a flag or a
    variable is taken already.
    """
    taken = {word: "every load" for o in GENERAL for word in (o.flag, o.variable)} | {s.flag: "every load" for s in SWITCHES}
    added: list[Option] = []
    for name in names("options.py"):
        options = getattr(_module_of(name, "options"), "OPTIONS", None)
        if not (isinstance(options, tuple) and all(isinstance(option, Option) for option in options)):
            raise UsageError(
                f"bizra_load/{name}/options.py: OPTIONS: is missing or something else (allowed: a tuple of Option)"
            )
        for option in options:
            for word in (option.flag, option.variable):
                if word in taken:
                    raise UsageError(f"bizra_load/{name}/options.py: {word} is an option of {taken[word]} already")
                taken[word] = name
            added.append(option)
    return tuple(added)


def all_options() -> tuple[Option, ...]:
    """Those of every load, then those that products add. Raises as added_options()."""
    return (*GENERAL, *added_options())


def settings_of(parsed: object | None, on_a_worker: bool = False) -> Settings:
    """Settings from parsed options, those of products among them; on a worker they are its master's. Raises UsageError."""
    return resolve(parsed, added_options(), on_a_worker)


def default_agreement(product_name: str, rehearsal: bool = False) -> str:
    """What is judged by where no agreement is named; of a service that nobody told us of ("") nothing is judged."""
    if not product_name:
        return NO_AGREEMENT
    of_product = product(product_name)
    return (of_product.rehearsal_agreement if rehearsal else of_product.agreement) or NO_AGREEMENT


def product(name: str) -> Product:
    """The product of that name. Raises AgreementError with the names that are allowed, UsageError where its code is broken."""
    known = names()
    if name not in known:
        raise AgreementError(f"product: {unknown(name, known)}; these are installed")
    loaded = getattr(_module_of(name, "product"), "PRODUCT", None)
    if not isinstance(loaded, Product) or loaded.name != name:
        raise UsageError(
            f"bizra_load/{name}/product.py: PRODUCT: is missing or something else (allowed: a Product named {name!r})"
        )
    return loaded


def product_of(agreement: Agreement) -> Product:
    """The product that an agreement names; of one that names none, the one whose operations, with metrics of theirs, it is on,
    else any service. Raises AgreementError.
    """
    if agreement.product:
        return product(agreement.product)
    measured = {name for name, metrics in agreement.operations.items() if metrics.histogram or metrics.total}
    return next((p for p in map(product, names()) if p.operations & measured), product(ANY_SERVICE))


def reference_product() -> Product:
    """The one that a rehearsal without any agreement is on: its nodes are what the reference node is."""
    return next(p for p in map(product, names()) if p.reference_node)


def panels_of(agreement: Agreement, name: str) -> tuple[Panel, ...]:
    """The panels of an agreement that is called `name` on the command line. Raises UsageError."""
    try:
        return product_of(agreement).panels(agreement)
    except AgreementError as error:
        raise UsageError(f"{name}: {error}") from None


def dashboard_of(agreement: Agreement, name: str, environment: str = "", job: str = "") -> str:
    """The dashboard of an agreement that is called `name` on the command line, to be imported. Raises UsageError."""
    try:
        return product_of(agreement).dashboard(agreement, environment, job)
    except AgreementError as error:
        raise UsageError(f"{name}: {error}") from None
