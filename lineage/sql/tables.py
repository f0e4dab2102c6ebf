"""Binding the tables of a query to those that are known, before anything is looked up in it. Pure.

Every table is renamed to a word of ours with one part, every name is put in small letters: so catalogs, quotes, cases
and depths of names, which differ from store to store, are out of the way when columns are looked up. What was meant
stands in `Bound`.
"""

from dataclasses import dataclass, field

from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope

from lineage.sql.meanings import Meaning
from lineage.sql.naming import Known, completed, is_of_the_system
from lineage.sql.shapes import Parts, Question, Table


@dataclass(slots=True)
class Bound:
    """The tables of one query by our word for each, the one it fills, and how names were written."""

    by_word: dict[str, Table] = field(default_factory=dict)
    target: Table | None = None
    spelling: dict[str, str] = field(default_factory=dict)  # small letters -> as written first


def bind(meaning: Meaning, question: Question, known: Known) -> Bound:
    """Rename the query's tables in place; returns what they were."""
    bound = Bound()
    words: dict[Parts, str] = {}
    bound.target = _target(meaning, question, known)
    for table in _real_tables(meaning.query):
        parts = parts_of(table)
        if not parts or is_of_the_system(parts):
            continue
        found = known.find(parts, question.home) or Table(completed(parts, question.home))
        word = words.setdefault(found.parts, f"table_{len(words)}")
        bound.by_word[word] = found
        _rename(table, word, parts[-1])
    _small_letters(meaning.query, bound.spelling)
    return bound


def _target(meaning: Meaning, question: Question, known: Known) -> Table | None:
    if question.target:
        return known.find(question.target) or Table(question.target)
    if meaning.target is None:
        return None
    parts = parts_of(meaning.target)
    return known.find(parts, question.home) or Table(completed(parts, question.home))


def parts_of(table: exp.Table) -> Parts:
    """The name as written, without quotes; empty for what is no name (a function, a file, a stage)."""
    found = [part for part in table.parts if isinstance(part, exp.Identifier)]
    if len(found) != len(table.parts):
        return ()
    return tuple(part for one in found for part in _pieces(one) if part)


def _pieces(part: exp.Identifier) -> list[str]:
    """BigQuery allows one pair of quotes around all of a name."""
    return part.name.split(".") if part.quoted and part.name.count(".") in (1, 2) else [part.name]


def _real_tables(query: exp.Query) -> list[exp.Table]:
    """Tables of the store, without the names a WITH clause gives."""
    found: dict[int, exp.Table] = {}
    for scope in traverse_scope(query):
        for source in scope.sources.values():
            if isinstance(source, exp.Table):
                found.setdefault(id(source), source)
    return list(found.values())


def _rename(table: exp.Table, word: str, own: str) -> None:
    if not table.alias:
        columns = table.args.get("alias")
        alias = exp.TableAlias(this=exp.to_identifier(own, quoted=True))
        if isinstance(columns, exp.TableAlias):
            alias.set("columns", columns.args.get("columns"))
        table.set("alias", alias)
    table.set("this", exp.to_identifier(word, quoted=True))
    table.set("db", None)
    table.set("catalog", None)


def _small_letters(query: exp.Query, spelling: dict[str, str]) -> None:
    sources = {found.alias_or_name.lower() for found in query.find_all(exp.Table, exp.Subquery, exp.CTE)}
    for node in query.walk():
        if isinstance(node, exp.Column):
            first = (node.args.get("catalog") or node.args.get("db")) if node.args.get("db") else None
            if (
                first is not None and first.name.lower() not in sources
            ):  # a schema, not a source's nested field
                node.set("db", None)
                node.set("catalog", None)
        elif isinstance(node, exp.Identifier):
            lowered = node.name.lower()
            spelling.setdefault(lowered, node.name)
            node.set("this", lowered)
            node.set("quoted", True)
