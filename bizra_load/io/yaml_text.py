"""YAML from outside -> plain values. What YAML allows and nobody means is refused: one key twice, aliases that multiply,
010 for 8 and 1:30 for 90.
"""

from __future__ import annotations

import re

import yaml

MAX_VALUES = 100_000  # of the document with every alias written out
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_NOT_DECIMAL = re.compile(r"[-+]?0[0-9_bx]|.*[_:]", re.DOTALL)


def load(text: str) -> object:
    """The document's plain values (safe_load). Raises ValueError with one line."""
    try:
        loader = yaml.SafeLoader(text)  # libyaml's would be quicker, and has no bound on how deeply a text is nested
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _count(node, {}, set())
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise ValueError(f"not YAML: {' '.join(str(error).split())[:300]}") from None
    except RecursionError:
        raise ValueError("not YAML of ours: nested too deeply") from None
    except (ValueError, OverflowError) as error:
        raise ValueError(f"not YAML of ours: {' '.join(str(error).split())[:300]}") from None


def _count(node: yaml.Node, known: dict[int, int], open_nodes: set[int]) -> int:
    """Values under `node` with every alias written out, each node visited once."""
    count = known.get(id(node))
    if count is not None:
        return count
    where = f"line {node.start_mark.line + 1}"
    if id(node) in open_nodes:
        raise ValueError(f"{where}: an alias that contains itself")
    if isinstance(node, yaml.ScalarNode) and node.tag in _NUMBERS and _NOT_DECIMAL.match(node.value):
        raise ValueError(f"{where}: {node.value[:100]!r} is a number to YAML, but no decimal one (allowed: digits and a point)")
    open_nodes.add(id(node))
    total = 1
    if isinstance(node, yaml.MappingNode):
        keys = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in keys and key.value != "<<":
                    raise ValueError(f"line {key.start_mark.line + 1}: the key {key.value[:100]!r} is there twice")
                keys.add(key.value)
            total += _count(key, known, open_nodes) + _count(value, known, open_nodes)
    elif isinstance(node, yaml.SequenceNode):
        total += sum(_count(child, known, open_nodes) for child in node.value)
    open_nodes.remove(id(node))
    if total > MAX_VALUES:
        raise ValueError(f"{where}: more than {MAX_VALUES:,} values")
    known[id(node)] = total
    return total
