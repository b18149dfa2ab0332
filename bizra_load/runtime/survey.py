"""`python -m bizra_load.runtime.survey FD WORDS...`: what a locustfile holds and what Locust makes of its words, as JSON to FD.

Locustfiles are anybody's code: they are imported in this process and nowhere else before the load.
"""

from __future__ import annotations

import atexit
import difflib
import io
import json
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

from locust import FastHttpUser, HttpUser, User
from locust.argument_parser import (
    LocustArgumentParser,
    get_empty_argument_parser,
    get_locustfiles_locally,
    get_parser,
    parse_locustfile_option,
    setup_parser_arguments,
)
from locust.main import merge_locustfiles_content

from bizra_load.exit_codes import one_line
from bizra_load.products import all_options
from bizra_load.runtime.attached import leave_out_configuration
from bizra_load.runtime.locust_arguments import own_flags, register_arguments
from bizra_load.runtime.shapes import StagesShape
from bizra_load.runtime.tags import TagsError, without_task
from bizra_load.runtime.users import OpenModelUser
from bizra_load.settings.arguments import SWITCHES
from bizra_load.settings.defaults import WEB_UI_VARIABLE
from bizra_load.settings.inputs import MAX_DURATION_S
from sla.values.section import unknown

_LIBRARIES = os.sep + "site-packages" + os.sep
NO_USERS = "no user class (allowed: one that is not abstract, such as class Mine(FastHttpUser))"
# Locust's options by which the survey's reader decides
ASKED = (
    *("host", "num_users", "spawn_rate", "run_time", "loglevel", "master", "worker", "processes", "expect_workers_max_wait"),
    *("list_commands", "show_task_ratio", "show_task_ratio_json"),
    *("master_bind_host", "master_bind_port", "master_port"),
    *("web_host", "web_port", "web_base_path", "tls_cert", "tls_key", "autostart", "autoquit"),
    *("csv_prefix", "html_file", "json_file", "logfile"),
)


NO_LOAD = ("worker", "list_commands", "show_task_ratio", "show_task_ratio_json")  # no users of a run: no tags are checked


class LocustfileError(Exception):
    """What is wrong with a locustfile or with the words for it, in one line."""


def survey(words: Sequence[str]) -> dict[str, Any]:
    """Users, shape and options of Locust's command line `words`. Raises LocustfileError."""
    sys.argv = ["locust", *words]
    if os.environ.get(WEB_UI_VARIABLE):
        register_arguments(typed=False)
    files = get_locustfiles_locally(parse_locustfile_option())
    try:
        classes, shapes, _, shape = merge_locustfiles_content(files)
    except Exception as error:
        if _own_frames(error, files) or isinstance(error, SyntaxError):
            raise
        raise LocustfileError(NO_USERS) from None  # what Locust does then is to collect the file's tests with pytest
    stages = any(isinstance(one, StagesShape) for one in shapes.values())
    if stages and any(issubclass(user, OpenModelUser) for user in classes.values()):
        leave_out_configuration()  # as the run will
    parser = get_parser()
    parser.set_defaults(loglevel=None)  # of a level that is the default nobody could tell whether it was asked for
    options = _parsed(parser, words)
    chosen = {name: user for name, user in classes.items() if not options.user_classes or name in options.user_classes}
    for name in options.user_classes or ():
        if name not in classes:
            raise LocustfileError(f"user class {unknown(name, sorted(classes))}")
    if not chosen and not options.list_commands:
        raise LocustfileError(NO_USERS)
    described = [_described(name, user) for name, user in chosen.items()]
    return {
        "users": described,
        "without_task": "" if any(getattr(options, name) for name in NO_LOAD) else without_task(chosen, options, words),
        "shape": type(shape).__name__ if shape is not None else "",
        "shape_alone": shape is not None and not getattr(shape, "use_common_options", False),
        "stages": stages,
        "options": {name: getattr(options, name, None) for name in ASKED},
        "own_flags": sorted(own_flags(parser) - _locusts_flags()),
    }


def _flags(parser: LocustArgumentParser) -> set[str]:
    return {flag for action in parser._actions for flag in action.option_strings}


def _locusts_flags() -> set[str]:
    """Those that it has for any locustfile."""
    parser = get_empty_argument_parser()
    setup_parser_arguments(parser)
    return _flags(parser)


def _described(name: str, user: type[User]) -> dict[str, Any]:
    product = user.product if issubclass(user, OpenModelUser) else ""
    http = issubclass(user, HttpUser | FastHttpUser)
    return {"name": name, "host": user.host or "", "http": http, "open": issubclass(user, OpenModelUser), "product": product}


def _parsed(parser: LocustArgumentParser, words: Sequence[str]) -> Any:
    try:
        options, rest = parser.parse_known_args(list(words))
    except OverflowError:  # the only value of which Locust makes a span of time, or a number that no integer holds
        allowed = f"more than 0, up to {MAX_DURATION_S / 86_400:.0f} days"
        raise LocustfileError(f"a time that is too long, such as of -t/--run-time (allowed: {allowed})") from None
    if rest:
        known = _flags(parser) | {option.flag for option in all_options()} | {switch.flag for switch in SWITCHES}
        flag = rest[0].partition("=")[0]
        near = difflib.get_close_matches(flag, sorted(known), 1)
        hint = f", did you mean {near[0]}?" if near else ""
        raise LocustfileError(f"{flag}: is no option{hint} (see bizra-load run --help and locust --help)")
    return options


def _own_frames(error: BaseException, files: Sequence[str]) -> list[traceback.FrameSummary]:
    """Where an error came from in the user's own code: beside or below a locustfile, or where Locust was started."""
    places = {os.path.dirname(os.path.abspath(file)) + os.sep for file in files} | {os.getcwd() + os.sep}
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if _LIBRARIES not in f.filename and any(f.filename.startswith(place) for place in places)]
    return [f for f in own if f.filename != __file__]


def _reason(error: BaseException, files: Sequence[str]) -> str:
    """One line: where in the user's own code, and what."""
    where = f"line {error.lineno}: " if isinstance(error, SyntaxError) else ""
    if not where and (own := _own_frames(error, files)):
        where = f"{os.path.basename(own[-1].filename)}, line {own[-1].lineno}: "
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{where}{one_line(f'{type(error).__name__}: {text}')}"


def main() -> None:
    """Writes {"survey": ...} or {"error": one line}."""
    fd, words = int(sys.argv[1]), sys.argv[2:]
    out, err = io.StringIO(), io.StringIO()
    try:
        with redirect_stdout(out), redirect_stderr(err):  # what it prints is for the run, which prints it again
            outcome: dict[str, Any] = {"survey": survey(words)}
    except (LocustfileError, TagsError) as error:
        outcome = {"error": str(error)}
    except SystemExit as end:
        last = (err.getvalue().strip() or f"ends its process when it is imported (exit code {end.code})").splitlines()[-1]
        outcome = {"error": one_line(last.removeprefix("locust: error: "))}
    except BaseException as error:
        outcome = {"error": _reason(error, [word for word in words if word.endswith(".py")])}
    with os.fdopen(fd, "w") as pipe:
        pipe.write(json.dumps(outcome) + "\n")
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        atexit._run_exitfuncs()  # what the locustfile has started may be ended there; who reads the line waits for a while
    os._exit(0)  # threads and greenlets of the locustfile's may be at anything


if __name__ == "__main__":
    main()
