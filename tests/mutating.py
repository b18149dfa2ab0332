"""Small changes of a module's source, one at a time, such as a slip of the hand would make: what a test should notice.

Not changed: texts (the golden reports hold them byte for byte), annotations, decorators, assertions and imports.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

SMALL = 10  # integers up to this are changed by 1, others by a fifth
FACTORS = (0.8, 1.2)
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
NAMES = {"min": "max", "any": "all", "floor": "ceil", "minimum": "maximum"}
NAMES |= {after: before for before, after in NAMES.items()}
LEFT_ALONE = {"annotation", "returns", "decorator_list", "type_params"}


@dataclass(frozen=True)
class Mutant:
    """A module's `source` with one change: on which `line`, the `text` of that line, and what became of what."""

    path: str
    line: int
    text: str
    change: str
    source: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}    {self.change}"


def mutants(path: str, source: str) -> list[Mutant]:
    """All mutants of a module, in the order of its lines. Raises SyntaxError where it is no Python."""
    tree = ast.parse(source)
    unchanged = ast.unparse(tree)
    unique = {unchanged: Mutant(path, 0, "", "", unchanged)}
    for line, text, change in _candidates(tree, source):
        mutant = Mutant(path, line, text, change, ast.unparse(ast.fix_missing_locations(tree)))
        if mutant.source != unchanged:
            unique[mutant.source] = mutant
    del unique[unchanged]
    return sorted(unique.values(), key=lambda m: (m.line, m.change))


def changes(source: str) -> set[tuple[str, str]]:
    """(text of the line, change) of each of its mutants, at a hundredth of their cost."""
    return {(text, change) for _, text, change in _candidates(ast.parse(source), source)}


def _candidates(tree: ast.AST, source: str) -> Iterator[tuple[int, str, str]]:
    """(line, its text, change) of each change, while it is made in `tree`."""
    lines = source.splitlines()
    for parent, field, index, node in _nodes(tree):
        for changed in _changes(node):
            _put(parent, field, index, ast.copy_location(changed, node))
            yield node.lineno, lines[node.lineno - 1].strip(), f"{_short(node)} -> {_short(changed)}"
            _put(parent, field, index, node)


def _nodes(parent: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.expr | ast.stmt]]:
    """Each expression and statement that may be changed, with the place that it takes in its parent."""
    for field, value in ast.iter_fields(parent):
        if field in LEFT_ALONE:
            continue
        for index, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(node, ast.AST) or isinstance(node, (ast.JoinedStr, ast.Assert, ast.Import, ast.ImportFrom)):
                continue
            if isinstance(node, (ast.expr, ast.stmt)):
                yield parent, field, index, node
            yield from _nodes(node)


def _put(parent: ast.AST, field: str, index: int | None, node: ast.AST) -> None:
    if index is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[index] = node


def _changes(node: ast.expr | ast.stmt) -> Iterator[ast.expr | ast.stmt]:
    match node:
        case ast.Compare(left, [op], right):
            for other in COMPARISONS[type(op)]:
                yield ast.Compare(left, [other()], right)
        case ast.Compare(left, ops, right):
            for i, op in enumerate(ops):
                yield ast.Compare(left, [*ops[:i], COMPARISONS[type(op)][0](), *ops[i + 1 :]], right)
        case ast.BoolOp(op, values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.BinOp(left, op, right) if type(op) in ARITHMETIC and not (_is_text(left) or _is_text(right)):
            yield ast.BinOp(left, ARITHMETIC[type(op)](), right)
            if isinstance(op, (ast.Add, ast.Sub)):
                yield left
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield operand
        case ast.Constant(value):
            yield from (ast.Constant(v) for v in _values(value))
        case ast.Name(name) if name in NAMES:
            yield ast.Name(NAMES[name], node.ctx)
        case ast.Attribute(value, name) if name in NAMES:
            yield ast.Attribute(value, NAMES[name], node.ctx)
        case ast.IfExp(_, body, orelse):
            yield from (body, orelse)
        case ast.If(_, body, orelse):
            yield ast.If(ast.Constant(False), body, orelse)
        case ast.AugAssign(target, op, value):
            yield ast.Pass()
            if type(op) in ARITHMETIC and not _is_text(value):
                yield ast.AugAssign(target, ARITHMETIC[type(op)](), value)
        case ast.Expr(ast.Call()):
            yield ast.Pass()
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() if any(g.ifs for g in node.generators):
            everything = [ast.comprehension(g.target, g.iter, [], g.is_async) for g in node.generators]
            yield type(node)(node.elt, everything)


def _values(value: object) -> Iterator[object]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1 if abs(value) <= SMALL else round(value * FACTORS[1])
    elif isinstance(value, float):
        yield from (value * f for f in FACTORS) if value else (1.0,)


def _is_text(node: ast.expr) -> bool:
    """Whether an operand is, or is put together from, a literal text."""
    match node:
        case ast.Constant(str()) | ast.JoinedStr():
            return True
        case ast.BinOp(left, _, right) | ast.IfExp(_, left, right):
            return _is_text(left) or _is_text(right)
    return False


def _short(node: ast.expr | ast.stmt) -> str:
    return ast.unparse(node).splitlines()[0]
