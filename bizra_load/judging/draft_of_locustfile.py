"""A first agreement from a locustfile's text: the requests whose names stand in it. Nothing of it is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from bizra_load.exit_codes import UsageError
from bizra_load.io.files import read_text
from bizra_load.judging.draft import Draft, of_names
from bizra_load.settings.name_folding import AUTO, Folding
from sla.values.section import AgreementError

METHODS = ("get", "post", "put", "patch", "delete", "head", "options")  # those of Locust's HTTP clients
OF_ANY_METHOD = ("request", "rest")
MAX_BYTES = 4 * 2**20  # no person writes a longer one
ONCE = {  # methods that a user runs once, and why no run judges what is called in them alone
    "on_start": "users call it as they start, in the part of a run that is cut",
    "on_stop": "users call it as they stop, after the part of a run that is judged",
}
_AGAIN = "interrupt"  # a task set that has this call is left, and may be entered many times
_UNKNOWN = "0"  # folds as an id does


def draft_of_locustfile(path: Path) -> Draft:
    """Operations are called as they will be in a run, "GET /items/{id}", in the order of the text. Raises UsageError."""
    try:
        tree = ast.parse(read_text(path, MAX_BYTES))
    except SyntaxError as error:
        raise UsageError(f"-f: {path}: line {error.lineno}: {error.msg} (allowed: a locustfile in Python)") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"-f: {path}: {getattr(error, 'strerror', None) or error}") from None
    calls = sorted(
        (node for node in ast.walk(tree) if isinstance(node, ast.Call)), key=lambda node: (node.lineno, node.col_offset)
    )
    once = _calls_once(tree)
    names, called_once, left_out = [], dict[str, str](), []
    for call in calls:
        for name in _names(call):
            if not name:
                left_out.append(f"line {call.lineno}: {ast.unparse(call)[:60]!r}: its name is not in the text")
            elif call in once:
                called_once[name] = f"line {call.lineno}: {name!r}: in {once[call]} alone: {ONCE[once[call]]}"
            else:
                names.append(name)
    left_out += [line for name, line in called_once.items() if name not in names]
    if not names and not called_once:
        why = "no request has its name in the text (allowed: a run of it: bizra-load init RUN)"
        raise UsageError(f"-f: {path}: {why}")
    what = f"Made of the text of {path.name}: requests and their names, as a run will have them."
    if any("{" in name for name in names):
        what += (
            "\n# {id} is taken for a number, UUID or hash: requests that put in other texts have a name each, but for name=."
        )
    try:
        draft = of_names(list(dict.fromkeys(names)), what, path.stem)
    except AgreementError as error:
        raise UsageError(f"-f: {path}: {error}") from None
    return Draft(draft.name, draft.what, draft.proposals, (*draft.left_out, *left_out))


def _calls_once(tree: ast.Module) -> dict[ast.Call, str]:
    """The requests in a class's on_start or on_stop, with the method's name."""
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    once = dict[ast.Call, str]()
    for cls in classes:
        if any(isinstance(node, ast.Attribute) and node.attr == _AGAIN for node in ast.walk(cls)):
            continue
        for method in cls.body:
            if isinstance(method, ast.FunctionDef) and method.name in ONCE:
                once |= {node: method.name for node in ast.walk(method) if isinstance(node, ast.Call) and _is_request(node)}
    return once


def _is_request(call: ast.Call) -> bool:
    """Whether it asks the service, unlike operation(): that names what tasks will do."""
    return isinstance(call.func, ast.Attribute) and call.func.attr != "operation"


def _names(call: ast.Call) -> Iterator[str]:
    """The operation's name of a call that is a request, "" where only a run can know it; none of any other call."""
    if not isinstance(call.func, ast.Attribute):
        return
    what, words = call.func.attr, list(call.args)
    if what == "operation" and words and isinstance(words[0], ast.Constant):  # a user of ours names it so
        yield str(words[0].value)
        return
    if what not in OF_ANY_METHOD and not (what in METHODS and _is_client(call.func.value)):
        return
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if what in OF_ANY_METHOD:  # request("GET", "/items") of a client, rest("GET", "/items") of a FastHttpUser
        if what == "request" and not _is_client(call.func.value):
            return
        method = given.get("method") or (words.pop(0) if words else None)
        what = str(method.value).lower() if isinstance(method, ast.Constant) else ""
    text = _text(given.get("name") or given.get("url") or given.get("path") or (words[0] if words else None))
    yield f"{what.upper()} {Folding(AUTO).folded(text)}" if text and what in METHODS else ""


def _is_client(value: ast.expr) -> bool:
    """Whether it is called one: self.client, session, the_client."""
    name = value.attr if isinstance(value, ast.Attribute) else value.id if isinstance(value, ast.Name) else ""
    return name.lower().endswith(("client", "session"))


def _text(value: ast.expr | None) -> str:
    """What a text is but for its gaps, such as f"/items/{number}?page={page}". In the path a gap must be all of a segment, as
    an id is. "" where it is anything else.
    """
    if isinstance(value, ast.Constant):
        return value.value if isinstance(value.value, str) else ""
    if isinstance(value, ast.JoinedStr):
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "\0" for part in value.values)
    elif isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        left, right = (_text(side) or "\0" for side in (value.left, value.right))
        text = left + right
    else:
        return ""
    path = text.partition("?")[0]
    if not path.startswith(("/", "http")) or any("\0" in part and part != "\0" for part in path.split("/")):
        return ""
    return text.replace("\0", _UNKNOWN)
