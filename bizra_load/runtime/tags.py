"""What --tags and --exclude-tags leave of a locustfile's tasks. Users without any can only fail, with a traceback each time."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from locust import User
from locust.user.task import filter_tasks_by_tags, is_markov_taskset

_A_TASK = "allowed: a method with @task, or tasks = [...]"
OPTIONS = {"tags": "--tags", "exclude_tags": "--exclude-tags"}  # by the attribute that Locust has of each


class TagsError(Exception):
    """No user class has a task, or they leave none to any, in one line."""


def without_task(classes: Mapping[str, type[User]], options: Any, words: Sequence[str]) -> str:
    """One line on the classes that are left without a task, "" where each has one; their tasks are filtered, as the run would.
    `options`: Locust's, of the command line `words`. Raises TagsError where all of them are.
    """
    given = {name: tuple(getattr(options, name, None) or ()) for name in OPTIONS}
    if not any(given.values()):
        return _idle(classes)
    some = "its tags" if given["tags"] else "not all of its tags"
    had_tasks = [name for name, user in classes.items() if user.tasks]
    by_class = {name: sorted(set(_tags(user))) for name, user in classes.items()}
    for user in classes.values():
        tags, excluded = (set(given[name]) or None for name in OPTIONS)
        filter_tasks_by_tags(user, tags, excluded)
    left_out = [name for name in had_tasks if _is_empty(classes[name])]
    if not left_out:
        return ""
    asked = " and ".join(f"{_source(name, words)} {' '.join(given[name])[:200]}" for name in OPTIONS if given[name])
    if all(_is_empty(user) for user in classes.values()):
        raise TagsError(f"{asked}: leaves no user class a task ({_allowed(some, by_class)})")
    names = {name: by_class[name] for name in left_out}
    return f"{asked}: no task is left to {', '.join(left_out)}, whose users can only fail ({_allowed(some, names)})"


def _idle(classes: Mapping[str, type[User]]) -> str:
    """The line on classes that never had a task, nor code of their own that a user runs instead. Raises TagsError where all are
    such.
    """
    idle = [name for name, u in classes.items() if _is_empty(u) and (u.run, u.on_start) == (User.run, User.on_start)]
    if classes and len(idle) == len(classes):
        raise TagsError(f"no task in {', '.join(idle)} ({_A_TASK})")
    return f"no task in {', '.join(idle)}, whose users can only fail ({_A_TASK})" if idle else ""


def _allowed(some: str, by_class: Mapping[str, Sequence[str]]) -> str:
    tags = sorted({tag for tags in by_class.values() for tag in tags})
    return f"allowed: {some}: {', '.join(tags)}" if tags else "allowed: without it: no task has a tag"


def _source(name: str, words: Sequence[str]) -> str:
    """Where Locust has it from."""
    variable = f"LOCUST_{name.upper()}"
    if any(word.partition("=")[0] == OPTIONS[name] for word in words):
        return OPTIONS[name]
    return variable if variable in os.environ else f"{OPTIONS[name]} of Locust's configuration"


def _is_empty(user: type[User]) -> bool:
    return not user.tasks and not is_markov_taskset(user) and not getattr(user, "functions", False)


def _tags(holder: Any) -> Iterator[str]:
    for task in holder.tasks:
        if hasattr(task, "tasks"):
            yield from _tags(task)
        yield from getattr(task, "locust_tag_set", ())
