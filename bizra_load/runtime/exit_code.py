"""The exit code of a process of Locust's, which a locustfile may set too: in a listener of `quitting`, by Locust's manual."""

from __future__ import annotations

import sys
from typing import Any

from locust.env import Environment

OF_THE_LOCUSTFILE = "the locustfile's own (environment.process_exit_code), as nothing was judged"


class ExitCode:
    """`code` is ours; None before the first run, and then it is as if we were not here."""

    def __init__(self, environment: Environment) -> None:
        self.code: int | None = None
        self._environment, self._users_counts = environment, False
        # they run in the reverse order in which they came: this one is the last, whenever the others come
        environment.events.quitting._handlers.insert(0, self._decide)

    def is_ours(self, code: int) -> None:
        """Whatever the locustfile sets."""
        self.code, self._users_counts = code, False
        self._environment.process_exit_code = code  # its listeners may read it

    def is_ours_or_the_users(self, code: int) -> None:
        """`code`, unless the locustfile sets one: where nothing is judged, its own check is the only one."""
        if self._environment.process_exit_code == self.code:
            self._environment.process_exit_code = None
        self.code, self._users_counts = code, True

    def _decide(self, **_: Any) -> None:
        users = self._environment.process_exit_code if self._users_counts else None
        if self.code is None:
            return
        self._environment.process_exit_code = self.code if users is None else users
        if users not in (None, self.code):  # with --quiet too: nothing else says why it is not 0
            print(f"exit code {users}: {OF_THE_LOCUSTFILE}", file=sys.stderr, flush=True)
