"""YAML from outside -> plain values. What YAML allows and nobody means is refused: one key twice, aliases that multiply,
010 for 8 and 1:30 for 90. A message says where and what, and repeats nothing of the text: it may be a file of secrets, given by
mistake.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import yaml

from sla.values.from_json import has_half_pairs, once_each

MAX_VALUES = 100_000  # of the document with every alias written out
MAX_DEPTH = 100
MAX_NUMBER = 100  # characters; YAML's 1:1:1 is worked out digit by digit, for a minute where there are a million of them
_LONG_NUMBER = re.compile(r"[-+]?[0-9][0-9_:.]*")
# PyYAML's, for a value that its tag does not allow
_CONSTRUCTORS_RAISE = (KeyError, IndexError, AttributeError, TypeError, ValueError, OverflowError)
_DOES_NOT_FIT = "a value does not fit its tag"
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"')  # of JSON
_NOT_DECIMAL = re.compile(r"[-+]?0[0-9_bx]|.*[_:]", re.DOTALL)


def load(text: str) -> object:
    """The plain values of a document of YAML or JSON (safe_load). Raises ValueError with one line."""
    if values_of_json := _json(text):
        return values_of_json[0]
    try:
        if any(depth > MAX_DEPTH for _, depth in _events(text)):
            raise ValueError("nested too deeply")
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _count(node, {}, set())
            return _constructed(loader, node)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise ValueError(f"not YAML: {_problem(error)}") from None
    except RecursionError:
        raise ValueError("not YAML of ours: nested too deeply") from None
    except ValueError as error:  # of ours, so none with a value in it
        raise ValueError(f"not YAML of ours: {error}") from None


def load_all(text: str) -> list[Any]:
    """The plain values of all documents, or of one in JSON: that is YAML but for surrogate pairs, which YAML's parsers refuse.
    Aliases are refused: a few lines of them expand without end. Raises ValueError with one line.
    """
    if values_of_json := _json(text):
        return values_of_json
    try:
        values = 0
        for event, depth in _events(text):
            if isinstance(event, yaml.AliasEvent):
                raise ValueError("holds YAML aliases, which are refused")
            if isinstance(event, yaml.ScalarEvent) and len(event.value) > MAX_NUMBER and _LONG_NUMBER.fullmatch(event.value):
                where = f"line {event.start_mark.line + 1}: " if event.start_mark else ""
                raise ValueError(f"{where}a number of {len(event.value):,} characters (allowed: {MAX_NUMBER})")
            values += isinstance(event, yaml.NodeEvent)
            if values > MAX_VALUES or depth > MAX_DEPTH:
                where = f"line {event.start_mark.line + 1}: " if event.start_mark else ""
                raise ValueError(f"{where}more than can be read (allowed: {MAX_VALUES:,} values, nested {MAX_DEPTH} deep)")
        try:
            return list(yaml.load_all(text, Loader=_OnceEachLoader))  # a safe loader
        except _CONSTRUCTORS_RAISE as error:
            raise ValueError(f"not YAML of ours: {_DOES_NOT_FIT} ({type(error).__name__})") from None
    except yaml.YAMLError as error:
        raise ValueError(f"not YAML or JSON: {_problem(error)}") from None


def _json(text: str) -> list[Any]:
    """The value of a text that is an object or a list of JSON; none where it is not, or is more than may be built, which
    reading it as YAML tells by line. Raises ValueError for what only JSON's reader can tell.
    """
    if text.lstrip()[:1] not in ("{", "["):
        return []
    bare = _STRING.sub("", text)
    collections = re.findall(r"[\[{]", bare)
    values = 1 + len(collections) + bare.count(",") + bare.count(":") - len(re.findall(r"\[\s*\]|\{\s*\}", bare))
    if values > MAX_VALUES:
        return []
    if max(accumulate(1 if c in "[{" else -1 for c in re.findall(r"[\[{\]}]", bare))) > MAX_DEPTH:
        return []
    if re.search(rf"[0-9.eE+-]{{{MAX_NUMBER + 1}}}", bare) or re.search(r"NaN|Infinity", bare):
        return []
    try:
        value = json.loads(text, object_pairs_hook=once_each)
    except ValueError:
        return []
    if has_half_pairs(value):
        raise ValueError("not JSON: half of a surrogate pair")
    return [value]


def _text(loader: Any, node: yaml.ScalarNode) -> str:
    """Surrogate pairs of JSON's escapes are one character. A half of one raises UnicodeDecodeError, a ValueError."""
    return str(loader.construct_scalar(node)).encode("utf-16-le", "surrogatepass").decode("utf-16-le")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # libyaml's is ten times as quick
    """A safe loader, to which = alone is a text: its tag, of YAML 1.1, has no meaning for it, and would be refused."""


class _OnceEachLoader(_Loader):
    """Likewise, and a key that is there twice is an error, as YAML says."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = set()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if isinstance(key, yaml.ScalarNode):
                if key.value in keys and key.value != "<<":
                    raise yaml.constructor.ConstructorError(None, None, "a key is there twice", key.start_mark)
                keys.add(key.value)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


for _loader in (_Loader, _OnceEachLoader):
    for _tag in ("tag:yaml.org,2002:str", "tag:yaml.org,2002:value"):
        _loader.add_constructor(_tag, _text)


def _events(text: str) -> Iterator[tuple[yaml.Event, int]]:
    """The text's events, each with how deeply values are nested there: building them, libyaml has no bound on that."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        yield event, depth


def _constructed(loader: yaml.SafeLoader, node: yaml.Node) -> object:
    try:
        return loader.construct_document(node)
    except _CONSTRUCTORS_RAISE as error:
        raise ValueError(f"{_DOES_NOT_FIT} ({type(error).__name__})") from None


def _problem(error: yaml.YAMLError) -> str:
    """PyYAML's own text shows the line, and repeats words of it in quotes."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    problem = getattr(error, "problem", None) or getattr(error, "context", None) or "a character that YAML does not allow"
    return where + " ".join(_QUOTED.sub("...", str(problem)).split())[:200]


def _count(node: yaml.Node, known: dict[int, int], open_nodes: set[int]) -> int:
    """Values under `node` with every alias written out, each node visited once."""
    count = known.get(id(node))
    if count is not None:
        return count
    where = f"line {node.start_mark.line + 1}"
    if id(node) in open_nodes:
        raise ValueError(f"{where}: an alias that contains itself")
    if isinstance(node, yaml.ScalarNode) and node.tag in _NUMBERS and _NOT_DECIMAL.match(node.value):
        raise ValueError(f"{where}: a number to YAML, but no decimal one (allowed: digits and a point)")
    open_nodes.add(id(node))
    total = 1
    if isinstance(node, yaml.MappingNode):
        keys = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in keys and key.value != "<<":
                    raise ValueError(f"line {key.start_mark.line + 1}: a key is there twice")
                keys.add(key.value)
            total += _count(key, known, open_nodes) + _count(value, known, open_nodes)
    elif isinstance(node, yaml.SequenceNode):
        total += sum(_count(child, known, open_nodes) for child in node.value)
    open_nodes.remove(id(node))
    if total > MAX_VALUES:
        raise ValueError(f"{where}: more than {MAX_VALUES:,} values")
    known[id(node)] = total
    return total
