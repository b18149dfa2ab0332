"""Our options in Locust's own parser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from locust import events
from locust.argument_parser import LocustArgumentParser

from bizra_load.products import all_options
from bizra_load.settings.arguments import SWITCHES, Default, attribute, described
from bizra_load.settings.defaults import NAMES, OBJECTIVE, OBJECTIVE_HELP, OPTIONS

_OTHER = "--bizra-load-"  # a flag that no locustfile has
_OURS = "of_bizra_load"  # an attribute of argparse's actions


def register_arguments(typed: bool = True) -> None:
    """Ours are added whenever Locust makes a parser, after those of all locustfiles, whose names they leave to them. Without
    `typed` they are for the web form alone: `bizra-load run` has read its own command line.
    """
    hook = events.init_command_line_parser
    if isinstance(hook.fire, _FireAndAdd):  # several locustfiles may be given at once
        hook.fire.typed |= typed
    else:
        hook.fire = _FireAndAdd(hook.fire, typed)  # type: ignore[method-assign]  # listeners run in the order in which they came


def attribute_of(name: str, options: object) -> str:
    """The attribute of Locust's options that holds ours of this name."""
    names: Mapping[str, str] = getattr(options, NAMES, None) or {}
    return names.get(name, name)


def renamed(options: object) -> list[str]:
    """One line for each of ours that is under another name."""
    names: Mapping[str, str] = getattr(options, NAMES, None) or {}
    flags = ((f"--{name.replace('_', '-')}", _OTHER + name.replace("_", "-")) for name in names)
    return [f"{flag} is an option of the locustfile's own: ours is {other}" for flag, other in flags]


def own_flags(parser: LocustArgumentParser) -> set[str]:
    """Those of Locust and of its locustfiles: ours, which a locustfile's register() has added, are none of them."""
    return {flag for action in parser._actions if not vars(action).get(_OURS) for flag in action.option_strings}


class _FireAndAdd:
    """In place of the `fire` of Locust's event."""

    def __init__(self, fire: Any, typed: bool) -> None:
        self._fire, self.typed = fire, typed

    def __call__(self, **named: Any) -> None:
        self._fire(**named)
        _Arguments(named["parser"], self.typed).add_all()


class _Arguments:
    """Ours in one parser. Where `bizra-load run` has handed its options on, they begin with those."""

    def __init__(self, parser: LocustArgumentParser, typed: bool) -> None:
        self._parser, self._typed = parser, typed
        self._group = parser.add_argument_group("bizra-load")
        self._handed_on: Mapping[str, Any] | None = parser.get_default(OPTIONS)
        self._flags = set(parser._option_string_actions)
        self._attributes = {action.dest for action in parser._actions}
        self._renamed: dict[str, str] = {}

    def add_all(self) -> None:
        """To command line, environment, configuration file and web form."""
        for option in all_options():
            text = described(option.help, option.default) if option.on_the_web_form else option.help
            self._add(option.flag, text, option.on_the_web_form, env_var=option.variable, default=Default(option.default))
        for switch in SWITCHES:
            self._add(switch.flag, switch.help, switch.on_the_web_form, action="store_true", default=False)
        self._add(OBJECTIVE, OBJECTIVE_HELP, True, action="append", default=[])
        text = "NAME=PATH of evidence for a gate that a load can't see, read when the run has ended; repeatable"
        self._add("--evidence", text, False, action="append", default=[])
        text = (
            "NAME or NAME:PORT of this web UI behind a proxy or in a cluster, comma-separated; localhost, addresses always do"
        )
        self._add_to(self._parser, "--web-names", help=text, env_var="BIZRA_LOAD_WEB_NAMES", default="")
        text = "Let the web form name files and folders of this machine: whoever can post to it can then have them opened"
        self._add_to(self._parser, "--web-files", help=text, action="store_true", default=False)
        if self._renamed:
            self._parser.set_defaults(**{NAMES: self._renamed})

    def _add(self, flag: str, text: str, on_the_web_form: bool, **how: Any) -> None:
        if not (on_the_web_form or self._typed):
            return
        if self._handed_on is not None:
            how.pop("env_var", None)  # it was read where they come from
            how["default"] = self._handed_on.get(attribute(flag), how["default"])
        action = self._add_to(self._group if on_the_web_form else self._parser, flag, help=text, **how)
        vars(action)["include_in_web_ui"] = on_the_web_form  # Locust asks it of all, and sets it on those of no group alone

    def _add_to(self, place: Any, flag: str, **how: Any) -> Any:
        """Under another name where the locustfile has this one, and on the command line where nobody types it."""
        name, in_use = attribute(flag), flag
        if flag in self._flags or name in self._attributes:
            self._renamed[name] = attribute(_OTHER) + name
            how["help"] = f"{how['help']} ({flag} is the locustfile's own)"
        if name in self._renamed or not (self._typed or flag.startswith("--web-")):
            in_use = _OTHER + flag[2:]
        action = place.add_argument(in_use, dest=self._renamed.get(name, name), **how)
        vars(action)["include_in_web_ui"] = False
        vars(action)[_OURS] = True
        return action
