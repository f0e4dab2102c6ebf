"""Statements as queries: every way of filling a table is a SELECT whose columns go into columns of it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlglot import exp

from lineage.sql.shapes import Notes

QUERY, VIEW, TABLE, INSERT, UPDATE, MERGE = "query", "view", "table", "insert", "update", "merge"
_WORDLESS = "Statements like this ({name}) say nothing of what is made from what."


@dataclass(frozen=True, slots=True)
class Meaning:
    """A query, the table it fills (None: a bare one), and the columns it fills by position (none: by name)."""

    kind: str
    query: exp.Query
    target: exp.Table | None = None
    columns: tuple[str, ...] = ()


def meanings_of(tree: exp.Expr, notes: Notes) -> list[Meaning]:
    """The queries a statement consists of; none, with a problem, where it makes nothing from anything."""
    if isinstance(tree, exp.Query):
        return [_selected(tree)]
    if isinstance(tree, exp.Create):
        return _created(tree, notes)
    if isinstance(tree, exp.Insert):
        return _inserted(tree, notes)
    if isinstance(tree, exp.Update):
        return _updated(tree)
    if isinstance(tree, exp.Merge):
        return _merged(tree)
    if not isinstance(
        tree, exp.Command | exp.DDL | exp.DML | exp.Drop | exp.Alter | exp.Grant | exp.Use | exp.Set
    ):
        notes.add("It is not understood as a statement of SQL.")
        return []
    name = str(tree.this).upper() if isinstance(tree, exp.Command) else type(tree).__name__.upper()
    notes.add(_WORDLESS.format(name=name[:40]))
    return []


def _selected(query: exp.Query) -> Meaning:
    """A SELECT, which in some dialects may fill a table by INTO."""
    into = query.args.get("into")
    if isinstance(into, exp.Into) and isinstance(into.this, exp.Table):
        target = into.this
        query.set("into", None)
        return Meaning(TABLE, query, target)
    return Meaning(QUERY, query)


def _created(tree: exp.Create, notes: Notes) -> list[Meaning]:
    query = tree.expression
    if isinstance(query, exp.Subquery | exp.Paren):
        query = query.unnest()
    if not isinstance(query, exp.Query):
        notes.add(_WORDLESS.format(name=f"CREATE {str(tree.args.get('kind') or '').upper()}".strip()))
        return []
    target, names = _target(tree.this)
    clause = tree.args.get("with_")
    if clause is not None and not query.args.get("with_"):
        query.set("with_", clause.copy())
    return [Meaning(VIEW if str(tree.args.get("kind")).upper() == "VIEW" else TABLE, query, target, names)]


def _inserted(tree: exp.Insert, notes: Notes) -> list[Meaning]:
    query = tree.expression
    if isinstance(query, exp.Subquery | exp.Paren):
        query = query.unnest()
    if not isinstance(query, exp.Query) or isinstance(query, exp.Values):
        notes.add("It inserts values, which come from no table.")
        return []
    clause = tree.args.get("with_")
    if clause is not None and not query.args.get("with_"):
        query.set("with_", clause.copy())
    target, names = _target(tree.this)
    return [Meaning(INSERT, query, target, names)]


def _target(found: exp.Expr | None) -> tuple[exp.Table | None, tuple[str, ...]]:
    """The table that is filled, and its columns where they are named."""
    if isinstance(found, exp.Schema):
        names = tuple(
            part.name for part in found.expressions if isinstance(part, exp.Identifier | exp.ColumnDef)
        )
        return (found.this if isinstance(found.this, exp.Table) else None), names
    return (found if isinstance(found, exp.Table) else None), ()


def _updated(tree: exp.Update) -> list[Meaning]:
    """UPDATE t SET a = x FROM s WHERE …: a SELECT of x as a, from t and s."""
    target = tree.this
    if not isinstance(target, exp.Table):
        return []
    query = exp.select(*_assigned(tree.expressions, {target.alias_or_name.lower()})).from_(_plain(target))
    for join in target.args.get("joins") or ():  # MySQL: UPDATE t JOIN s ON … SET …
        query.append("joins", join.copy())
    source = tree.args.get("from_") or tree.args.get("from")
    for table in _listed(source):
        query = query.join(table.copy(), join_type="cross")
        for join in table.args.get("joins") or ():
            query.append("joins", join.copy())
    return [_with(Meaning(UPDATE, query, _bare(target)), tree)]


def _with(meaning: Meaning, tree: exp.Expr) -> Meaning:
    for name in ("where", "with_"):
        clause = tree.args.get(name)
        if clause is not None:
            meaning.query.set(name, clause.copy())
    return meaning


def _listed(source: exp.Expr | None) -> Iterable[exp.Expr]:
    found = source.this if isinstance(source, exp.From) else None
    return [found] if isinstance(found, exp.Expr) else []


def _merged(tree: exp.Merge) -> list[Meaning]:
    """MERGE INTO t USING s ON …: a SELECT for each WHEN, of what it assigns, from t joined to s."""
    target, source = tree.this, tree.args.get("using")
    if not isinstance(target, exp.Table) or source is None:
        return []
    own, found = {target.alias_or_name.lower(), target.name.lower()}, []
    whens = tree.args.get("whens")
    for when in whens.expressions if whens is not None else ():
        then = when.args.get("then")
        if isinstance(then, exp.Update):
            columns = _assigned(then.expressions, own)
        elif isinstance(then, exp.Insert):
            columns = _values(then)
        else:
            continue
        if columns:
            joined = (
                source.copy()
                if isinstance(source, exp.Subquery | exp.Table)
                else exp.Subquery(this=source.copy())
            )
            query = exp.select(*columns).from_(_plain(target)).join(joined, on=_copied(tree.args.get("on")))
            if when.args.get("condition") is not None:
                query = query.where(when.args["condition"].copy())
            found.append(_with(Meaning(MERGE, query, _bare(target)), tree))
    return found


def _copied(node: exp.Expr | None) -> exp.Expr | None:
    return node.copy() if node is not None else None


def _assigned(pairs: Iterable[exp.Expr], own: set[str]) -> list[exp.Expr]:
    """`a = x` as `x AS a`; the column may be written with its table before it."""
    return [
        exp.alias_(pair.expression.copy(), pair.this.name, quoted=True)
        for pair in pairs
        if isinstance(pair, exp.EQ) and isinstance(pair.this, exp.Column)
        and (not pair.this.table or pair.this.table.lower() in own)
    ]  # fmt: skip


def _values(then: exp.Insert) -> list[exp.Expr]:
    """INSERT (a, b) VALUES (x, y) within a MERGE, as `x AS a, y AS b`."""
    names, values = then.this, then.expression
    if not isinstance(names, exp.Tuple) or not isinstance(values, exp.Tuple):
        return []
    return [
        exp.alias_(value.copy(), name.name, quoted=True)
        for name, value in zip(names.expressions, values.expressions, strict=False)
    ]


def _plain(table: exp.Table) -> exp.Table:
    """The table with its alias, without what was joined to it."""
    copy = table.copy()
    copy.set("joins", None)
    return copy


def _bare(table: exp.Table) -> exp.Table:
    """The table by its own name."""
    copy = _plain(table)
    copy.set("alias", None)
    return copy
