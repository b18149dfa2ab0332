"""A first agreement from an OpenAPI document (2.0 to 3.1): an operation for each method of each path."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bizra_load.exit_codes import UsageError
from bizra_load.io import yaml_text
from bizra_load.io.files import read_text
from bizra_load.judging.draft import Draft, of_names
from sla.values.section import AgreementError

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")  # others of a path's keys are no operations
_PARAMETER = re.compile(r"\{[^{}/]*\}")
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
    if not (names := list(_operations(document.get("paths"), _prefix(document)))):
        raise UsageError(f"--openapi: {path}: paths: holds no operation (allowed: one method of one path, or more)")
    what = f"Made of the OpenAPI document {path.name}: a load test calls its operations by these names."
    try:
        return of_names(names, what, _title(document) or path.stem)
    except AgreementError as error:
        raise UsageError(f"--openapi: {path}: {error}") from None


def _operations(paths: object, prefix: str) -> Iterator[str]:
    """As a run folds them: whatever a part of a path is called in the document, it is "{id}" there."""
    for path, methods in paths.items() if isinstance(paths, Mapping) else ():
        for method, what in methods.items() if isinstance(methods, Mapping) else ():
            if isinstance(what, Mapping) and str(method).lower() in METHODS:
                yield f"{str(method).upper()} {prefix}{_PARAMETER.sub('{id}', str(path))}"


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
