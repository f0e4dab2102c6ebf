"""Where a project's tables are: the namespace its nodes are named in, given, known, or found among what was crawled."""

from collections import Counter
from dataclasses import dataclass, field

from django.db.models import Count

from catalog.accounts.models import User
from catalog.assets.models import Asset
from catalog.connections.models import Connection
from catalog.quality.outside.findings import Data
from lineage.dbt.models import DbtImport, DbtProject
from lineage.dbt.naming import KINDS_OF_ADAPTER, job_namespace_of, namespace_of
from lineage.dbt.nodes import Project, read_nodes, read_project
from lineage.sql.assets import parts_of


@dataclass(frozen=True, slots=True)
class Anchor:
    """The project as it is known (None: new), and the names its nodes and jobs live under."""

    known: DbtProject | None
    namespace: str
    job_namespace: str
    connection: Connection | None
    told: list[dict[str, str]] = field(default_factory=list)


def find_anchor(job: DbtImport, manifest: Data) -> Anchor:
    """What was asked for counts before what is known of the project, and that before what can be found."""
    project = read_project(manifest)
    known = DbtProject.objects.select_related("connection").filter(team=job.team, name=project.name).first()
    connection = job.connection or (known.connection if known else None)
    told: list[dict[str, str]] = []
    namespace = job.namespace or (known.namespace if known and job.connection is None else "")
    if not namespace and connection is not None:
        namespace = namespace_of_connection(connection)
    if not namespace:
        found = _found(job.requested_by, project, manifest)
        if found is not None:
            connection, namespace, count = found
            told.append(
                _told(f"Its tables are named after the store {connection.name}: {count} of them are there.")
            )
    if not namespace:
        namespace = namespace_of(project, job.team.slug)
        if namespace != "bigquery":
            words = f"dbt does not say where its tables are, so they are named in {namespace}. Import again with the "
            told.append(
                _told(f"{words}connection or the namespace to bring them together with crawled ones.")
            )
    job_namespace = job.job_namespace or (
        known.job_namespace if known else job_namespace_of(project, job.team.slug)
    )
    return Anchor(known, namespace, job_namespace, connection, told)


def _told(message: str) -> dict[str, str]:
    return {"path": "", "rule": "namespace", "message": message, "severity": "info"}


def namespace_of_connection(connection: Connection) -> str:
    """The namespace of what was crawled there, else the one its connector will use."""
    rows = Asset.objects.filter(connection=connection).values("namespace").annotate(count=Count("pk"))
    first = rows.order_by("-count", "namespace").first()
    if first is not None:
        return str(first["namespace"])
    config = connection.config
    if connection.kind in ("postgresql", "mysql"):
        scheme = "postgres" if connection.kind == "postgresql" else "mysql"
        return f"{scheme}://{config.get('host', '')}:{config.get('port', '')}"
    if connection.kind in ("duckdb", "sqlite"):
        return f"{connection.kind}://{config.get('path', '')}"
    return ""


def _found(actor: User | None, project: Project, manifest: Data) -> tuple[Connection, str, int] | None:
    """The one store, among those the person may see, in which most of the project's tables were crawled."""
    kind = KINDS_OF_ADAPTER.get(project.adapter)
    if kind is None:
        return None
    wanted = {
        tuple(part.lower() for part in node.parts) for node in read_nodes(manifest, {}, []) if node.parts
    }
    endings = {parts[-2:] for parts in wanted}
    stores = (
        Connection.objects.filter(kind=kind)
        if actor is None
        else Connection.objects.visible_to(actor).filter(kind=kind)
    )
    rows = Asset.objects.present().filter(connection__in=stores)
    counted: Counter[tuple[int, str]] = Counter()
    for connection_id, namespace, name, address in rows.values_list(
        "connection_id", "namespace", "name", "address"
    ).iterator(chunk_size=2_000):
        parts = tuple(part.lower() for part in parts_of(name, address))
        is_there = parts in wanted if len(parts) > 2 else parts[-2:] in endings
        if is_there and connection_id is not None:
            counted[connection_id, namespace] += 1
    best = counted.most_common(2)
    if not best or (len(best) > 1 and best[0][1] == best[1][1]):
        return None
    (connection_id, namespace), count = best[0]
    return Connection.objects.get(pk=connection_id), namespace, count
