"""Which columns of a query are made from which columns of the tables it reads, in one walk over its scopes. Pure.

Each column of each scope is followed once, so that the cost grows with the query and not with columns times depth.
"""

from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.qualify_columns import qualify_columns
from sqlglot.optimizer.qualify_tables import qualify_tables
from sqlglot.optimizer.scope import Scope, build_scope, traverse_scope
from sqlglot.schema import MappingSchema

from lineage.sql.following import Follower, selects_of
from lineage.sql.meanings import INSERT, MERGE, UPDATE, Meaning
from lineage.sql.shapes import DIRECT, Link, Notes, Parts, Question, Statement, Table, name_of
from lineage.sql.tables import Bound

MOST_COLUMNS = 3_000  # a statement makes
MOST_LINKS = 20_000  # of a statement
MOST_INDIRECT = 4_000  # of a statement


def read_columns(
    before: Statement, meaning: Meaning, bound: Bound, question: Question, notes: Notes
) -> Statement:
    """What `before` says of the statement, and what this query of it says."""
    reads = dict.fromkeys([*before.reads, *(table.parts for table in bound.by_word.values())])
    writes = bound.target.parts if bound.target is not None else before.writes
    scope = _qualified(meaning.query, bound, question.dialect, notes) if question.with_columns else None
    columns, links, told = dict.fromkeys(before.columns), list(before.links), len(notes.said)
    if scope is not None:
        made = _made(scope, meaning, bound, notes)
        columns.update(dict.fromkeys(made.values()))
        links += _links(scope, made, bound, notes)
    if question.with_columns and (
        scope is None or len(notes.said) > told
    ):  # then it matters whose are not known
        for table in bound.by_word.values():
            if not table.columns:
                notes.add(f"The columns of {name_of(table.parts)} are not known here.")
    if scope is not None and meaning.kind in (UPDATE, MERGE) and not _reads_itself(links, writes):
        reads.pop(writes, None)  # its old rows are there, but nothing of them moves
    return Statement(
        kind=meaning.kind, reads=tuple(reads), writes=writes, columns=tuple(columns), links=tuple(_once(links)),
    )  # fmt: skip


def _reads_itself(links: list[Link], writes: Parts) -> bool:
    return any(link.table == writes and link.is_direct for link in links)


def _qualified(query: exp.Query, bound: Bound, dialect: str, notes: Notes) -> Scope | None:
    """The scopes of the query once every column says its table; None, with a problem, where that cannot be done."""
    schema = MappingSchema(dialect=dialect or None, normalize=False)
    for word, table in bound.by_word.items():
        if table.columns:
            for column in table.columns:
                bound.spelling.setdefault(column.lower(), column)
            schema.add_table(word, {column.lower(): "unknown" for column in table.columns}, normalize=False)
    try:
        tree = qualify_tables(query, dialect=dialect or None)
        if sum(1 for _ in tree.find_all(exp.Star)) and not _stars_fit(tree, bound):
            notes.add(f"Its stars stand for more than {MOST_COLUMNS:,} columns; columns are left out.")
            return None
        scope = build_scope(_with_tables(tree, schema))
    except RecursionError:
        raise
    except Exception as error:  # of the parser: what it cannot resolve, it raises in many ways
        words = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        notes.add(f"Its columns could not be followed: {words}")
        return None
    return scope


def _with_tables(tree: exp.Query, schema: MappingSchema) -> exp.Query:
    """Every column with its table before it, stars written out.

    Where columns are not known, the parser may give up, since a name could be an alias or be meant outside of a
    subquery. Then names are columns of what the query around them reads, where that is one thing.
    """
    spare = tree.copy()
    try:
        return qualify_columns(tree, schema, allow_partial_qualification=True)
    except OptimizeError:
        for scope in traverse_scope(spare):
            sources = list(scope.selected_sources)
            for column in scope.unqualified_columns if len(sources) == 1 else ():
                column.set("table", exp.to_identifier(sources[0], quoted=True))
        return qualify_columns(spare, schema, allow_partial_qualification=True, expand_alias_refs=False)


def _stars_fit(tree: exp.Expr, bound: Bound) -> bool:
    """Whether expanding stars stays small: each may repeat all columns of all that it reads, in every layer."""
    widest = max((len(table.columns) for table in bound.by_word.values()), default=0)
    return widest * max(1, len(bound.by_word)) * sum(1 for _ in tree.find_all(exp.Star)) <= 50 * MOST_COLUMNS


def _made(scope: Scope, meaning: Meaning, bound: Bound, notes: Notes) -> dict[int, str]:
    """The columns the query makes, by position, as the table it fills calls them."""
    expressions = selects_of(scope)
    known = {column.lower(): column for column in (bound.target.columns if bound.target is not None else ())}
    named: dict[int, str] = {}
    for place, expression in enumerate(expressions[:MOST_COLUMNS]):
        if expression.is_star:
            notes.add("A * stands for columns that are not known here.")
            continue
        own = expression.alias_or_name
        if place < len(meaning.columns):
            own = meaning.columns[place].lower()
            bound.spelling.setdefault(own, meaning.columns[place])
        if meaning.kind == INSERT and not meaning.columns and known and place < len(known):
            own = list(known)[place]  # INSERT without names goes by position
        if own:
            named[place] = known.get(own) or bound.spelling.get(own, own)
        else:
            notes.add(f"Column {place + 1} has no name.")
    if len(expressions) > MOST_COLUMNS:
        notes.add(f"Only the first {MOST_COLUMNS:,} columns were followed.")
    return named


def _links(scope: Scope, made: dict[int, str], bound: Bound, notes: Notes) -> list[Link]:
    follower = Follower(bound, scope)
    links: list[Link] = []
    indirect = 0
    for place, into in made.items():
        for (word, column), how in follower.of_place(scope, place).items():
            is_direct = how in DIRECT
            indirect += not is_direct
            if is_direct or indirect <= MOST_INDIRECT:
                links.append(
                    Link(bound.by_word[word].parts, _spelled(bound, word, column), into, is_direct, how)
                )
        if len(links) > MOST_LINKS:
            notes.add(f"Only the first {MOST_LINKS:,} links of columns are kept.")
            break
    if indirect > MOST_INDIRECT:
        notes.add(f"Only the first {MOST_INDIRECT:,} links of joins and filters are kept.")
    for name in sorted(follower.unplaced)[:5]:
        notes.add(f"It is not certain which table the column {bound.spelling.get(name, name)} is of.")
    return links


def _spelled(bound: Bound, word: str, column: str) -> str:
    table: Table = bound.by_word[word]
    first, dot, rest = column.partition(".")
    spelled = next(
        (known for known in table.columns if known.lower() == first), bound.spelling.get(first, first)
    )
    return f"{spelled}{dot}{rest}"


def _once(links: list[Link]) -> list[Link]:
    """Of several links between two columns, the direct one, and of direct ones the one that changes most."""
    best: dict[tuple[Parts, str, str], Link] = {}
    for link in links:
        key = (link.table, link.column, link.into)
        if key not in best or _weight(link) > _weight(best[key]):
            best[key] = link
    return sorted(best.values(), key=lambda link: (link.into, name_of(link.table), link.column))


def _weight(link: Link) -> int:
    return 1 + DIRECT.index(link.how) if link.is_direct else 0
