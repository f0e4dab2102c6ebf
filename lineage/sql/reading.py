"""Reading SQL: a text in, its statements with what they read, fill and make from which columns out. Pure, no Django.

Never raises for what the text is; what is not understood is a problem in words. Time and memory are bounded by the
process it is done in (see `apart`): text from outside is hostile, and the parser is not ours.
"""

import logging
import re
from dataclasses import replace

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from lineage.sql.columns import read_columns
from lineage.sql.meanings import Meaning, meanings_of
from lineage.sql.naming import Known
from lineage.sql.shapes import Notes, Question, Statement
from lineage.sql.tables import bind

LONGEST = 500_000  # characters of a text
DEEPEST = 120  # brackets within brackets
MOST_STATEMENTS = 50  # of one text
_TOO_DEEP = "It is nested too deeply to be read."

logging.getLogger("sqlglot").setLevel(logging.CRITICAL)  # what it warns of is told as a problem


def read(question: Question) -> tuple[Statement, ...]:
    """Every statement of the text, in order; one without a kind where nothing could be understood."""
    question = replace(question, sql=clean(question.sql))
    refusal = _refusal(question.sql)
    if refusal:
        return (Statement(problems=(refusal,)),)
    try:
        trees = sqlglot.parse(question.sql, dialect=question.dialect or None)
    except SqlglotError as error:
        return (Statement(problems=(_unreadable(error),)),)
    except RecursionError:
        return (Statement(problems=(_TOO_DEEP,)),)
    except Exception as error:  # the parser of somebody else, on text of somebody else
        return (Statement(problems=(f"It is not understood as SQL ({type(error).__name__}).",)),)
    found = [tree for tree in trees if tree is not None and not isinstance(tree, exp.Semicolon)]
    known = Known(question.tables)
    statements = [_statement(tree, question, known) for tree in found[:MOST_STATEMENTS]]
    if len(found) > MOST_STATEMENTS:
        statements.append(Statement(problems=(f"Only the first {MOST_STATEMENTS} statements were read.",)))
    return tuple(statements) or (Statement(problems=("There is no statement in it.",)),)


def clean(sql: str) -> str:
    """The text without what no database keeps: null characters and halves of characters."""
    return sql.replace("\0", " ").encode("utf-8", "replace").decode()


def _refusal(sql: str) -> str:
    if len(sql) > LONGEST:
        return f"It is longer than {LONGEST:,} characters."
    if not sql.strip():
        return "It is empty."
    deepest = depth = 0
    for character in sql:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    if deepest > DEEPEST:
        return _TOO_DEEP
    if "{{" in sql or "{%" in sql:
        return "It holds templates ({{ … }}); give the SQL that they make, the compiled one."
    return ""


_TOKEN = re.compile(r"<Token token_type: [^,>]*, text: (.*?), line: \d+, [^>]*>")  # as the parser prints one


def _unreadable(error: SqlglotError) -> str:
    told = getattr(error, "errors", None)
    if told:
        first = told[0]
        words = _TOKEN.sub(r"“\1”", str(first.get("description", ""))).rstrip(".")[:200]
        return f"Line {first.get('line')}, column {first.get('col')}: {words}."
    return f"It is not understood as SQL: {str(error)[:200]}"


def _statement(tree: exp.Expr, question: Question, known: Known) -> Statement:
    notes = Notes()
    try:
        meanings = meanings_of(tree, notes)
        if not meanings:
            return Statement(problems=notes.all())
        return _read(meanings, question, known, notes)
    except RecursionError:
        return Statement(problems=(_TOO_DEEP,))
    except Exception as error:  # as above: the tree is theirs
        return Statement(problems=(*notes.all(), f"It could not be followed ({type(error).__name__})."))


def _read(meanings: list[Meaning], question: Question, known: Known, notes: Notes) -> Statement:
    """What a statement's queries say together: several where it fills a table in several ways (MERGE)."""
    statement = Statement(kind=meanings[0].kind)
    for meaning in meanings:
        tables = bind(meaning, question, known)
        statement = read_columns(statement, meaning, tables, question, notes)
    return Statement(
        kind=statement.kind, reads=statement.reads, writes=statement.writes, columns=statement.columns,
        links=statement.links, problems=notes.all(),
    )  # fmt: skip
