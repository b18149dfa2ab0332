"""A first agreement from an OpenAPI document (2.0 to 3.1): an operation for each method of each path."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from bizra_load.exit_codes import UsageError
from bizra_load.io import yaml_text
from bizra_load.io.files import read_text
from bizra_load.judging.draft import Draft, of_names
from sla.values.section import AgreementError, brief

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")  # others of a path's keys are no operations
_PARAMETER = re.compile(r"\{[^{}/]*\}")
MAX_REFERENCES = 20  # one after the other; more lead in a circle
MAX_BYTES = 32 * 2**20  # the largest public descriptions have ten


def draft_of_openapi(path: Path) -> Draft:
    """Operations are called as "GET /items/{id}", in the document's order. Raises UsageError."""
    try:
        documents = yaml_text.load_all(read_text(path, MAX_BYTES))
    except (OSError, ValueError) as error:
        raise UsageError(f"--openapi: {path}: {getattr(error, 'strerror', None) or error}") from None
    document = documents[0] if len(documents) == 1 else None
    if not isinstance(document, dict) or not ("openapi" in document or "swagger" in document):
        raise UsageError(f"--openapi: {path}: no OpenAPI document (allowed: one with the key openapi, or swagger)")
    left_out: list[str] = []
    if not (names := list(_operations(document, left_out))):
        why = f"; {left_out[0]}" if left_out else ""
        raise UsageError(f"--openapi: {path}: paths: holds no operation{why} (allowed: one method of one path, or more)")
    what = f"Made of the OpenAPI document {path.name}: a load test calls its operations by these names."
    try:
        draft = of_names(list(dict.fromkeys(names)), what, _title(document) or path.stem)
    except AgreementError as error:
        raise UsageError(f"--openapi: {path}: {error}") from None
    return dataclasses.replace(draft, left_out=(*draft.left_out, *left_out))


def _operations(document: Mapping[str, Any], left_out: list[str]) -> Iterator[str]:
    """As a run folds them: whatever a part of a path is called in the document, it is "{id}" there. A path whose reference
    leads to none of this document's is a line in `left_out`.
    """
    paths, prefix = document.get("paths"), _prefix(document)
    for path, item in paths.items() if isinstance(paths, Mapping) else ():
        methods = _followed(document, item)
        if not isinstance(methods, Mapping):
            left_out += [f"{str(path)!r}: {methods}"] if methods else []
            continue
        for method, what in methods.items():
            if isinstance(what, Mapping) and str(method).lower() in METHODS:
                yield f"{str(method).upper()} {prefix}{_PARAMETER.sub('{id}', str(path))}"


def _followed(document: Mapping[str, Any], item: object) -> Mapping[str, Any] | str:
    """A path item, with what its references (JSON pointers, RFC 6901) lead to: its own keys come first. Else why there is none,
    "" where it is no mapping and names none.
    """
    merged: dict[str, Any] = {}
    for _ in range(MAX_REFERENCES):
        if not isinstance(item, Mapping):
            return ""
        merged = {**item, **merged}
        if (reference := item.get("$ref")) is None:
            return merged
        if not isinstance(reference, str) or not reference.startswith("#"):
            return f"$ref: {brief(reference)} is in another file"
        item = _pointed_at(document, unquote(reference[1:]))
        if not isinstance(item, Mapping):
            return f"$ref: {brief(reference)} leads to no path item"
    return f"$ref: {brief(reference)} leads in a circle"


def _pointed_at(document: object, pointer: str) -> object:
    """None where it leads nowhere."""
    first, *tokens = pointer.split("/")
    at = None if first else document
    for token in (t.replace("~1", "/").replace("~0", "~") for t in tokens):
        if isinstance(at, Mapping):
            at = next((value for key, value in at.items() if str(key) == token), None)
        elif isinstance(at, list):
            at = at[int(token)] if token.isascii() and token.isdigit() and len(token) < 9 and int(token) < len(at) else None
        else:
            return None
    return at


def _prefix(document: Mapping[str, Any]) -> str:
    """What stands before all paths in a URL: of the first server (3.x), or basePath (2.0)."""
    servers = document.get("servers")
    first = servers[0] if isinstance(servers, list) and servers and isinstance(servers[0], Mapping) else {}
    url = first.get("url") or document.get("basePath")
    try:
        return urlsplit(url).path.rstrip("/") if isinstance(url, str) and "{" not in url else ""
    except ValueError:  # whatever stands there is no URL
        return ""


def _title(document: Mapping[str, Any]) -> str:
    info = document.get("info")
    title = info.get("title") if isinstance(info, Mapping) else None
    return title.strip() if isinstance(title, str) else ""
