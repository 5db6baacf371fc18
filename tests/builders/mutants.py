"""Small changes to source code, each of which a test should notice: of Python by its syntax, of SQL by its words.

Left out is what no test should notice (prose, log messages, annotations, docstrings), and what every test notices:
names of fields and queries, imports and decorators.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator

Edit = tuple[int, int, str]  # from byte, to byte, the new text

_SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
_TEXT = (ast.Constant, ast.JoinedStr)
_LOGS = re.compile(r"log(ger)?\.\w+$|warnings\.warn$")
_NAMED_FIRST = re.compile(r"^(cast|query)$|\.(get|pop)$")
_IS_SQL = re.compile(r"\b(select|insert into|update|delete from)\s", re.IGNORECASE)


def mutants_of(name: str, source: str) -> Iterator[Edit]:
    """Every change to the file of this name, as an edit of its bytes."""
    if name.endswith(".sql"):
        for start, end, new in _sql(source):
            yield len(source[:start].encode()), len(source[:end].encode()), new
        return
    finder = _Finder(source)
    finder.visit(ast.parse(source))
    yield from finder.edits


class _Finder(ast.NodeVisitor):
    def __init__(self, source: str) -> None:
        self.edits: list[Edit] = []
        self._starts = [0]
        for line in source.encode().splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def _replace(self, node: ast.AST, new: str) -> None:
        start = self._starts[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined]
        end = self._starts[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]
        self.edits.append((start, end, new))

    def _exchange(self, node: ast.expr, new: ast.expr | str) -> None:
        self._replace(node, f"({new if isinstance(new, str) else ast.unparse(new)})")

    def _visit_all(self, *nodes: ast.AST | None) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)

    def _body(self, body: list[ast.stmt]) -> None:
        documented = body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
        self._visit_all(*body[1 if documented else 0 :])

    def _pass_over(self, node: ast.AST) -> None:
        """Positions inside of f-strings are wrong before Python 3.12."""

    visit_JoinedStr = visit_Import = visit_ImportFrom = visit_Assert = _pass_over  # noqa: N815  # ast's names

    def visit_Module(self, node: ast.Module) -> None:
        self._body(node.body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._body(node.body)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._visit_all(*node.args.defaults, *node.args.kw_defaults)
        self._body(node.body)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._visit_all(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        if all(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets):
            self._replace(node, "pass")
        if not re.match(r"__all__|.*\b(TypeVar|logger)\(", ast.unparse(node)):
            self._visit_all(*node.targets, node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._replace(node, "pass")
        if type(node.op) in _SWAPS:
            self._replace(node, ast.unparse(_with_op(node)))
        self._visit_all(node.value)

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Call) and not _LOGS.search(ast.unparse(node.value.func)):
            self._replace(node, "pass")
        self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        self._replace(node, "pass")

    def _remove(self, node: ast.stmt) -> None:
        self._replace(node, "pass")

    visit_Continue = visit_Break = visit_Delete = _remove  # noqa: N815  # ast's names

    def visit_Return(self, node: ast.Return) -> None:
        if node.value and not (isinstance(node.value, ast.Constant) and node.value.value is None):
            self._replace(node, "return None")
            self.visit(node.value)

    def visit_If(self, node: ast.If) -> None:
        if ast.unparse(node.test) != "TYPE_CHECKING":
            self.visit_IfExp(node)

    def visit_IfExp(self, node: ast.IfExp | ast.If) -> None:
        self._exchange(node.test, "True")
        self._exchange(node.test, "False")
        self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        self._exchange(node.test, "False")
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for test in node.ifs:
            self._exchange(test, "True")
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        for place, op in enumerate(node.ops):
            changed = copy.deepcopy(node)
            changed.ops[place] = _SWAPS[type(op)]()  # type: ignore[call-overload]
            self._exchange(node, changed)
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        self._exchange(node, _with_op(node))
        for place in range(len(node.values)):
            rest = [value for other, value in enumerate(node.values) if other != place]
            self._exchange(node, rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest))
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not | ast.USub):
            self._exchange(node, node.operand)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        texts = [part for part in (node.left, node.right) if isinstance(part, _TEXT)]
        if type(node.op) in _SWAPS and not any(not isinstance(getattr(t, "value", ""), int | float) for t in texts):
            self._exchange(node, _with_op(node))
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = ast.unparse(node.func)
        if not _LOGS.search(name):
            self._visit_all(node.func, *node.args[bool(_NAMED_FIRST.search(name)) :], *node.keywords)

    def visit_Dict(self, node: ast.Dict) -> None:
        self._visit_all(*node.values)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.visit(node.value)
        if ast.unparse(node.value) != "Literal" and not isinstance(node.slice, ast.Constant):
            self.visit(node.slice)

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, bool):
            self._exchange(node, repr(not value))
        elif isinstance(value, int | float):
            self._exchange(node, repr(value + 1))
        elif isinstance(value, str) and _IS_SQL.search(value):
            for start, end, new in _sql(value):
                self._exchange(node, repr(value[:start] + new + value[end:]))
        elif isinstance(value, str) and not re.search(r"\s", value):
            self._exchange(node, repr(f"{value}_x"))


def _with_op(node: ast.BoolOp | ast.BinOp | ast.AugAssign) -> ast.expr:
    changed = copy.copy(node)
    changed.op = _SWAPS[type(node.op)]()  # type: ignore[assignment]
    return changed  # type: ignore[return-value]


_SQL_WORDS = [(re.compile(old, re.IGNORECASE), new) for old, new in (
    (r"\s+for (no key )?update( of \w+)?( skip locked)?", ""), (r" skip locked", ""),
    (r" <= ", " < "), (r" < ", " <= "), (r" >= ", " > "), (r" > ", " >= "), (r" <> ", " = "),
    (r"\bis not null\b", "is null"), (r"\bis null\b", "is not null"), (r"\bnot exists\b", "exists"),
    (r"(?<!not )\bexists\b", "not exists"), (r"\bnot in\b", "in"), (r"\bdesc\b", "asc"), (r"\bleft join\b", "join"),
    (r"(?<!is )(?<!is not )\bdistinct( on \([^)]*\))?", ""), (r"\bunion all\b", "union"), (r"\bmin\(", "max("),
    (r"\bmax\(", "min("), (r"\bleast\(", "greatest("), (r"\bgreatest\(", "least("), (r"\btrue\b", "false"),
    (r"\bfalse\b", "true"), (r" - ", " + "), (r" \+ ", " - "), (r"\bon conflict[^;]*?do nothing", ""),
    (r"\b0\b", "1"), (r"\b1\b", "2"),
)]  # fmt: skip
_CLAUSE = re.compile(r"\b(and|or|where|when|having|on(?! conflict| delete| update)|order by)\s", re.IGNORECASE)
_END = re.compile(
    r"[();]|\b(and|or|between|then|where|group by|order by|having|limit|returning|union|join|left join|for no key|"
    r"for update|set|on conflict|from)\b",
    re.IGNORECASE,
)


def _sql(text: str) -> Iterator[Edit]:
    """The changes to a statement, by characters."""
    code = re.sub(r"--[^\n]*", lambda comment: " " * len(comment[0]), text)
    for word, new in _SQL_WORDS:
        for found in word.finditer(code):
            yield found.start(), found.end(), new
    for clause in _CLAUSE.finditer(code):
        end = _end_of_condition(code, clause.end())
        if clause[1].lower() in ("and", "or", "order by"):
            if not re.search(r"\bbetween\s+\S+\s+$", code[: clause.start()], re.IGNORECASE):
                yield clause.start(), end, ""
        elif code[clause.end() : end].strip() != "true":
            yield clause.end(), end, "true "


def _end_of_condition(code: str, start: int) -> int:
    """Where the condition ends that begins at ``start``."""
    depth, between = 0, False
    for found in _END.finditer(code, start):
        word = found[0].lower()
        depth += (word == "(") - (word == ")")
        if depth < 0 or (depth == 0 and word not in ("(", ")", "between") and not (between and word == "and")):
            return found.start()
        between = word == "between" if depth == 0 else between
    return len(code)
