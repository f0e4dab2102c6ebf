"""From artifacts to what will be written: every node with its table, what it is made from, and column by column. Pure
but for the process that reads SQL; nothing is written here, so that a failed import changes nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from catalog.common.errors import Problem
from lineage.datasets.naming import DatasetName
from lineage.dbt.artifacts import Artifacts
from lineage.dbt.naming import dataset_of
from lineage.dbt.nodes import EXPOSURE, Node, Project, read_nodes, read_project
from lineage.sql import dialects
from lineage.sql.apart import SqlReader
from lineage.sql.shapes import Parts, Question, Statement, Table, name_of

Progress = Callable[[int, int], None]
KnownColumns = Callable[[Sequence[DatasetName]], Mapping[DatasetName, Sequence[str]]]
SECONDS = 5.0  # for the SQL of one model


@dataclass(frozen=True, slots=True)
class PlannedLink:
    """A column of a dataset that goes into, or decides about, a column of the node's own."""

    upstream: DatasetName
    column: str
    into: str
    is_direct: bool
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedNode:
    """A node with what comes of it. `made_from` are the datasets its rows come from, across ephemeral models."""

    node: Node
    dataset: DatasetName | None
    made_from: tuple[DatasetName, ...] = ()
    links: tuple[PlannedLink, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    project: Project
    namespace: str
    nodes: tuple[PlannedNode, ...]
    problems: tuple[Problem, ...]


def make_plan(
    artifacts: Artifacts,
    namespace: str,
    known_columns: KnownColumns,
    progress: Progress = lambda done, total: None,
) -> Plan:
    """Read every node's SQL and settle what it is made from."""
    problems = list(artifacts.problems)
    project = read_project(artifacts.manifest)
    nodes = {node.unique_id: node for node in read_nodes(artifacts.manifest, artifacts.catalog, problems)}
    names = {key: dataset_of(namespace, node) for key, node in nodes.items() if node.parts}
    planner = _Planner(nodes, names, dialects.of_adapter(project.adapter))
    planner.learn(known_columns(list(names.values())))
    planned = []
    with SqlReader(SECONDS) as reader:
        for done, node in enumerate(_in_order(nodes), start=1):
            planned.append(planner.plan(node, reader))
            progress(done, len(nodes))
    return Plan(project=project, namespace=namespace, nodes=tuple(planned), problems=tuple(problems))


def _in_order(nodes: Mapping[str, Node]) -> Iterator[Node]:
    """What is upstream first; nodes that depend on each other (no dbt writes such) in the order of their ids."""
    state: dict[str, bool] = {}  # False: begun, True: given
    for start in nodes:
        stack = [(start, iter(nodes[start].upstream))] if start not in state else []
        state.setdefault(start, False)
        while stack:
            key, rest = stack[-1]
            following = next((one for one in rest if one in nodes and one not in state), None)
            if following is not None:
                state[following] = False
                stack.append((following, iter(nodes[following].upstream)))
                continue
            stack.pop()
            if not state[key]:
                state[key] = True
                yield nodes[key]


@dataclass(slots=True)
class _Planner:
    """Remembers the columns of what was planned: they are what the next model's stars stand for."""

    nodes: Mapping[str, Node]
    names: Mapping[str, DatasetName]
    dialect: str
    columns: dict[DatasetName, tuple[str, ...]] = field(default_factory=dict)

    def learn(self, known: Mapping[DatasetName, Sequence[str]]) -> None:
        """Columns of the catalog count before those a crawl saw."""
        self.columns = {name: tuple(columns) for name, columns in known.items() if columns}
        for key, name in self.names.items():
            node = self.nodes[key]
            if node.is_complete:
                self.columns[name] = tuple(column.name for column in node.columns)

    def plan(self, node: Node, reader: SqlReader) -> PlannedNode:
        dataset = self.names.get(node.unique_id)
        upstream = list(self._tables_above(node))
        made_from = [self.names[one.unique_id] for one in upstream]
        if dataset is None or not node.sql:
            silent = (
                ("It is Python; only its tables are known.",)
                if node.facts.get("language") == "python"
                else ()
            )
            return PlannedNode(
                node=node, dataset=dataset, made_from=_others(made_from, dataset), problems=silent
            )
        by_parts = {one.parts: self.names[one.unique_id] for one in (*upstream, node)}
        tables = tuple(Table(parts, self.columns.get(name, ())) for parts, name in by_parts.items())
        statements = reader.read(
            Question(
                sql=node.sql, dialect=self.dialect, tables=tables, home=node.parts[:-1], target=node.parts
            )
        )
        read = [parts for one in statements if one.kind for parts in one.reads]
        written_in = {
            parts: DatasetName(dataset.namespace, name_of(parts)) for parts in read if parts not in by_parts
        }
        by_parts |= written_in
        self._remember(dataset, statements)
        return PlannedNode(
            node=node,
            dataset=dataset,
            made_from=_others([*made_from, *written_in.values()], dataset),
            links=tuple(_links(statements, by_parts)),
            problems=tuple(dict.fromkeys(problem for one in statements for problem in one.problems)),
        )

    def _tables_above(self, node: Node) -> Iterator[Node]:
        """What the node depends on that has a table; ephemeral models are looked through."""
        seen, waiting = {node.unique_id}, list(reversed(node.upstream))
        while waiting:
            key = waiting.pop()
            above = self.nodes.get(key)
            if above is None or key in seen:
                continue
            seen.add(key)
            if key in self.names:
                yield above
            elif above.kind != EXPOSURE:
                waiting.extend(reversed(above.upstream))

    def _remember(self, dataset: DatasetName, statements: Sequence[Statement]) -> None:
        """What the SQL makes, where nobody says it better and it is certain."""
        understood = [one for one in statements if one.kind]
        if dataset not in self.columns and len(understood) == 1 and not understood[0].problems:
            self.columns[dataset] = understood[0].columns


def _others(names: Sequence[DatasetName], own: DatasetName | None) -> tuple[DatasetName, ...]:
    """Each once, without the table itself: incremental models read what they were."""
    return tuple(name for name in dict.fromkeys(names) if name != own)


def _links(statements: Sequence[Statement], names: Mapping[Parts, DatasetName]) -> Iterator[PlannedLink]:
    for statement in statements:
        for link in statement.links:
            if link.table in names and link.table != statement.writes:
                yield PlannedLink(names[link.table], link.column, link.into, link.is_direct, link.how)
