"""Following a column of a query down to the columns of tables it comes from, or that decide about it. Pure."""

from collections.abc import Iterable, Iterator

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from lineage.sql.shapes import (
    AGGREGATION,
    CONDITION,
    DIRECT,
    FILTER,
    GROUP,
    IDENTITY,
    JOIN,
    TRANSFORMATION,
    WINDOW,
)
from lineage.sql.tables import Bound

Column = tuple[str, str]  # our word for a table, its column
Origins = dict[Column, str]  # how each column takes part
_MOST_ORIGINS = 5_000  # of one column


class Follower:
    """Follows the columns of one query; what it found once it remembers."""

    def __init__(self, bound: Bound, root: Scope) -> None:
        self._bound = bound
        self._whole = {id(scope.expression): scope for scope in root.traverse()}
        self._places: dict[tuple[int, int], Origins] = {}
        self._deciding: dict[int, Origins] = {}
        self._by_name: dict[int, dict[str, int]] = {}
        self._stars: set[tuple[int, str]] = set()  # being followed
        self.unplaced: set[str] = set()

    def of_place(self, scope: Scope, place: int) -> Origins:
        """What the column at `place` comes from, and what decides which of its values are there."""
        key = (id(scope), place)
        if key not in self._places:
            self._places[key] = {}  # a query that reads itself adds nothing new by that
            self._places[key] = self._follow(scope, place)
        return self._places[key]

    def _follow(self, scope: Scope, place: int) -> Origins:
        found: Origins = {}
        if scope.set_operation_scopes:
            for branch in scope.set_operation_scopes:
                _add(found, self.of_place(branch, place))
            return found
        if isinstance(scope.expression, exp.Select):
            expressions = scope.expression.selects
            if place < len(expressions):
                _add(found, self._of_expression(scope, expressions[place].unalias()))
            _add(found, self._decided(scope))
        elif isinstance(scope.expression, exp.Subquery):
            for inner in scope.subquery_scopes or scope.derived_table_scopes:
                _add(found, self.of_place(inner, place))
        return found

    def _of_expression(self, scope: Scope, expression: exp.Expr) -> Origins:
        found: Origins = {}
        for node, how in _columns_in(expression):
            if isinstance(node, exp.Column):
                _add(found, _through(self._of_column(scope, node), how))
            else:
                _add(found, self._of_subquery(scope, node, how))
        return found

    def _of_column(self, scope: Scope, column: exp.Column) -> Origins:
        source = _source(scope, column.table) if column.table else _only(scope)
        if source is None and not column.table:
            self.unplaced.add(column.name)
        return self._in_source(scope, source, column.name, _path(column))

    def _in_source(self, scope: Scope, source: exp.Expr | Scope | None, name: str, path: str) -> Origins:
        if isinstance(source, exp.Table):
            return {(source.name, path): IDENTITY} if source.name in self._bound.by_word else {}
        if not isinstance(source, Scope):
            return {}
        source = self._whole.get(id(source.expression), source)  # a recursive one is what it begins with
        place = self._place_in(source, name)
        if place is not None:
            return self.of_place(source, place)
        if isinstance(source.expression, exp.UDTF):
            return self._of_rows(scope, source)
        return self._behind_star(source, name, path)

    def _behind_star(self, source: Scope, name: str, path: str) -> Origins:
        """A column of a query that passes on all of a table nobody knows the columns of: the table has it."""
        found: Origins = {}
        key = (id(source), name)
        if key in self._stars:
            return found
        self._stars.add(key)
        for branch in _branches(source):
            inner = [_source(branch, star) if star else _only(branch) for star in _stars(branch)]
            if len(inner) == 1 and inner[0] is not None:
                _add(found, self._in_source(branch, inner[0], name, path))
                _add(found, self._decided(branch))
            elif inner:
                self.unplaced.add(name)
        self._stars.discard(key)
        return found

    def _of_rows(self, scope: Scope, source: Scope) -> Origins:
        """A column of UNNEST, LATERAL, VALUES and the like: from all that stands in it."""
        key = (id(source), -1)
        if key not in self._places:
            self._places[key] = {}
            found: Origins = {}
            for column in source.expression.find_all(exp.Column):
                owner = source if _source(source, column.table) is not None else scope
                _add(found, _through(self._of_column(owner, column), TRANSFORMATION))
            self._places[key] = found
        return self._places[key]

    def _of_subquery(self, scope: Scope, query: exp.Expr, how: str) -> Origins:
        found: Origins = {}
        inner = next((one for one in scope.subquery_scopes if one.expression is query), None)
        if inner is not None:
            for place in range(len(selects_of(inner))):
                _add(found, _through(self.of_place(inner, place), how))
        return found

    def _decided(self, scope: Scope) -> Origins:
        """What decides about every row of a SELECT: joins, filters and groups, also of what it reads."""
        if id(scope) in self._deciding:
            return self._deciding[id(scope)]
        self._deciding[id(scope)] = {}
        found: Origins = {}
        for clause, how in _clauses(scope.expression):
            _add(found, _through(self._of_expression(scope, clause), how))
        for _, source in scope.selected_sources.values():
            if isinstance(source, Scope):
                for branch in _branches(source):
                    if isinstance(branch.expression, exp.Select):
                        _add(found, self._decided(branch))
        self._deciding[id(scope)] = found
        return found

    def _place_in(self, scope: Scope, name: str) -> int | None:
        if id(scope) not in self._by_name:
            names: dict[str, int] = {}
            for place, expression in enumerate(selects_of(scope)):
                names.setdefault(expression.alias_or_name, place)
            for place, name_given in enumerate(_outer_names(scope)):
                names[name_given] = place
            self._by_name[id(scope)] = names
        return self._by_name[id(scope)].get(name)


def _outer_names(scope: Scope) -> list[str]:
    """The names a CTE or derived table gives its columns from outside: `WITH a (x, y) AS …`."""
    return [str(name) for name in scope.outer_columns or ()]


def _branches(scope: Scope) -> Iterator[Scope]:
    if not scope.set_operation_scopes:
        yield scope
    for branch in scope.set_operation_scopes or ():
        yield from _branches(branch)


def selects_of(scope: Scope) -> list[exp.Expr]:
    """The expressions a query selects; of several that are united, those of the first."""
    while scope.set_operation_scopes:
        scope = scope.set_operation_scopes[0]
    expression = scope.expression
    return expression.selects if isinstance(expression, exp.Query) else []


def _source(scope: Scope | None, name: str) -> exp.Expr | Scope | None:
    """What an alias means here, or in a query around: correlated subqueries look outwards."""
    while scope is not None:
        if name in scope.sources:
            return scope.sources[name]
        scope = scope.parent
    return None


def _only(scope: Scope) -> exp.Expr | Scope | None:
    """What a column without a table is of, where the query reads one thing only."""
    sources = [source for _, source in scope.selected_sources.values()]
    return sources[0] if len(sources) == 1 else None


def _stars(scope: Scope) -> list[str]:
    """The stars a query selects that could not be written out, by the alias before them."""
    found = []
    for expression in scope.expression.selects if isinstance(scope.expression, exp.Select) else ():
        if isinstance(expression, exp.Star):
            found.append("")
        elif isinstance(expression, exp.Column) and isinstance(expression.this, exp.Star):
            found.append(expression.table)
    return found


def _path(column: exp.Column) -> str:
    """The column, with the nested fields that are taken of it."""
    path, node = column.name, column.parent
    while isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier):
        path, node = f"{path}.{node.expression.name}", node.parent
    return path


def _clauses(select: exp.Expr) -> Iterator[tuple[exp.Expr, str]]:
    for join in select.args.get("joins") or ():
        if isinstance(join.args.get("on"), exp.Expr):
            yield join.args["on"], JOIN
    for name in ("where", "having", "qualify"):
        clause = select.args.get(name)
        if clause is not None:
            yield clause.this, FILTER
    group = select.args.get("group")
    if group is not None:
        for expression in group.expressions:
            yield expression, GROUP


def _columns_in(root: exp.Expr) -> Iterator[tuple[exp.Expr, str]]:
    """Columns and subqueries of an expression, each with its part in it; subqueries are not entered."""
    stack: list[tuple[exp.Expr, str]] = [(root, IDENTITY)]
    while stack:
        node, how = stack.pop()
        if isinstance(node, exp.Column):
            yield node, how
            continue
        if isinstance(node, exp.Query) and not isinstance(node, exp.Subquery):
            yield node, how if how not in (IDENTITY,) else TRANSFORMATION
            continue
        stack.extend(_below(node, how))


def _below(node: exp.Expr, how: str) -> Iterable[tuple[exp.Expr, str]]:
    """The parts of a node and what part they take: a condition only decides, the rest goes in."""
    own = _heavier(how, _part(node))
    for name, value in node.args.items():
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, exp.Expr):
                yield part, _decides(node, name) or own


def _part(node: exp.Expr) -> str:
    if isinstance(node, exp.AggFunc):
        return AGGREGATION
    return IDENTITY if isinstance(node, exp.Alias | exp.Paren | exp.Dot | exp.Subquery) else TRANSFORMATION


def _decides(node: exp.Expr, name: str) -> str:
    if isinstance(node, exp.Window) and name in ("partition_by", "order"):
        return WINDOW
    if isinstance(node, exp.If) and name == "this":
        return CONDITION
    if isinstance(node, exp.Case) and name == "this":
        return CONDITION
    if isinstance(node, exp.Filter) and name == "expression":
        return CONDITION
    return ""


def _heavier(one: str, other: str) -> str:
    """Of two ways of taking part in turn: what only decides stays so, else the heavier."""
    if one not in DIRECT:
        return one
    if other not in DIRECT:
        return other
    return max(one, other, key=DIRECT.index)


def _through(origins: Origins, how: str) -> Origins:
    """The same origins, when what they make takes part in the way `how`."""
    return {
        column: _heavier(before, how) if before in DIRECT else before for column, before in origins.items()
    }


def _add(found: Origins, more: Origins) -> None:
    """Join both; a direct part outweighs one that decides."""
    for column, how in more.items():
        before = found.get(column)
        if before is None:
            if len(found) < _MOST_ORIGINS:
                found[column] = how
        elif before in DIRECT and how in DIRECT:
            found[column] = max(before, how, key=DIRECT.index)
        elif how in DIRECT:
            found[column] = how
