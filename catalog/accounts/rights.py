"""Who may do what, as a table computed from the predicates themselves (`manage.py permission_table`).

For every registered action and role it makes a person who holds exactly that role, in the team the sample object
belongs to or in a team that has nothing to do with it, and asks the predicate. The person's standing is given and
the objects are samples in memory that features register, so the data of the portal plays no part; a predicate that
asks the database itself finds nothing under their negative ids.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from catalog.accounts import kernel
from catalog.accounts.models import PLATFORM_ROLES, Role, Team, User

SAMPLE_TEAM = -1  # id of the team sample objects belong to
OTHER_TEAM = -2  # a team that is neither above nor below it
PERSON = -1
NO_ROLE = "no_role"
COLUMNS: tuple[str, ...] = (NO_ROLE, *Role.values)


class Answer(Enum):
    """What a role gives for an action."""

    EVERYWHERE = "yes"
    IN_TEAM = "in the team"
    NOWHERE = "-"


@dataclass(frozen=True, slots=True)
class Sample:
    """How to make an object of a kind in memory. `make(person, tie)` gives it, belonging to SAMPLE_TEAM.

    `case` tells several samples of a kind apart (a draft, a published product). `ties` are the ways in which a
    person can be attached to the very object (key -> words): "" in `make` means no tie.
    """

    kind: str
    make: Callable[[User, str], Any]
    case: str = ""
    ties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what each column gives, and the words of the ties that allow it without any role."""

    action: str
    cases: tuple[str, ...]
    answers: tuple[Answer, ...]
    tied: tuple[str, ...]
    sentence: str


_samples: dict[tuple[str, str], Sample] = {}


def register_sample(sample: Sample) -> None:
    """Features register a sample for every kind of object their actions take."""
    _samples[sample.kind, sample.case] = sample


def person_with(role: str, team: int = SAMPLE_TEAM) -> User:
    """Somebody who holds exactly `role` (NO_ROLE: none) in the team of that id, or a platform role in the mesh."""
    person = User(pk=PERSON, username="somebody", is_active=True)
    teams = {} if role == NO_ROLE or role in PLATFORM_ROLES else {role: frozenset({team})}
    person._standing = kernel.Standing(  # type: ignore[attr-defined]  # the kernel's own cache
        user_id=PERSON,
        is_member=role != NO_ROLE,
        is_platform_admin=role == Role.PLATFORM_ADMIN,
        is_governance=role == Role.GOVERNANCE,
        teams_by_role=teams,
    )
    return person


def rows() -> list[Row]:
    """The whole table, sorted by action. Raises LookupError for an action whose kind of object has no sample."""
    return [row for action in kernel.actions().values() for row in _rows_of(action)]


def _rows_of(action: kernel.Action) -> Iterator[Row]:
    samples = [sample for (kind, _), sample in sorted(_samples.items()) if kind == action.kind]
    if action.kind == "":
        samples = [Sample("", lambda person, tie: None)]
    if not samples:
        raise LookupError(
            f"{action.name}: register a sample of kind {action.kind!r} (catalog.accounts.rights)."
        )
    together: dict[tuple[tuple[Answer, ...], tuple[str, ...]], list[str]] = {}
    for sample in samples:
        answers = tuple(_answer(action, sample, column) for column in COLUMNS)
        tied = tuple(words for tie, words in sample.ties.items() if _allows(action, sample, NO_ROLE, tie=tie))
        together.setdefault((answers, tied), []).append(sample.case)
    for (answers, tied), cases in together.items():
        yield Row(action.name, tuple(cases) if len(together) > 1 else (), answers, tied, action.sentence)


def _answer(action: kernel.Action, sample: Sample, column: str) -> Answer:
    if _allows(action, sample, column, team=OTHER_TEAM):
        return Answer.EVERYWHERE
    return Answer.IN_TEAM if _allows(action, sample, column) else Answer.NOWHERE


def _allows(
    action: kernel.Action, sample: Sample, role: str, *, team: int = SAMPLE_TEAM, tie: str = ""
) -> bool:
    person = person_with(role, team)
    return kernel.can(person, action.name, sample.make(person, tie))


def as_markdown() -> str:
    """The page `docs/permissions.md`."""
    heads = ["No role", *(Role(value).label for value in Role.values), "Also"]
    lines = [
        "# Who may do what",
        "",
        "Made by `./mesh manage permission_table > docs/permissions.md` from the rules the portal itself asks; a test",
        "compares the two. A role holds in its team and in every team below it; governance and platform admin hold in",
        "the whole mesh. *yes*: holding the role in any team is enough. *in the team*: the role must be held in the",
        "team the thing belongs to (for a product its accountable team or its domain's team), or above it.",
        "*Also* names people who may because of their tie to the very thing, with no role at all.",
        "Nobody without an account sees anything; a deactivated person may nothing.",
        "",
        f"| Action | {' | '.join(heads)} |",
        f"|{' --- |' * (len(heads) + 1)}",
    ]
    table = rows()
    for row in table:
        name = f"`{row.action}`" + (f" ({'; '.join(row.cases)})" if row.cases else "")
        cells = [name, *(answer.value for answer in row.answers), ", ".join(row.tied)]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "## The rules in words", ""]
    lines += [f"- `{name}`: {words}" for name, words in {row.action: row.sentence for row in table}.items()]
    return "\n".join(lines) + "\n"


def _sample_team(person: User, tie: str) -> Team:
    return Team(pk=SAMPLE_TEAM, name="A team", slug="a-team")


def _sample_person(person: User, tie: str) -> User:
    """Another member of the mesh, or the person themselves."""
    if tie:
        return person
    other = person_with(Role.VIEWER)
    other.pk = PERSON - 1
    return other


register_sample(Sample("team", _sample_team))
register_sample(Sample("person", _sample_person, ties={"self": "the person themselves"}))
