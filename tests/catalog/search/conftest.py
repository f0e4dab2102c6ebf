"""Every backend a test of the contract runs on; a new one joins BACKENDS."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from catalog.search.backends.base import SearchBackend
from catalog.search.backends.memory import MemoryBackend
from catalog.search.backends.postgres import PostgresBackend
from catalog.search.backends.whoosh import WhooshBackend
from tests import postgres_server as postgres

BACKENDS: dict[str, Callable[[pytest.FixtureRequest, Path], SearchBackend]] = {
    "memory": lambda request, folder: MemoryBackend(),
    "whoosh": lambda request, folder: WhooshBackend(folder / "index"),
    "postgres": lambda request, folder: request.getfixturevalue("postgres_backend"),
}


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A PostgreSQL of this test process's own."""
    with postgres.running() as server:
        yield server


@pytest.fixture
def new_postgres_backend(postgres_server: postgres.Server) -> Iterator[Callable[[], PostgresBackend]]:
    """Backends that share one index, as processes do: they have nothing else in common."""
    made: list[PostgresBackend] = []

    def make() -> PostgresBackend:
        made.append(PostgresBackend(lambda: dict(conninfo_to_dict(postgres_server.url()))))
        return made[-1]

    yield make
    for backend in made:
        backend.close()


@pytest.fixture
def postgres_backend(new_postgres_backend: Callable[[], PostgresBackend]) -> PostgresBackend:
    return new_postgres_backend()


@pytest.fixture(params=sorted(BACKENDS))
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> SearchBackend:
    """An empty backend of each kind."""
    made = BACKENDS[request.param](request, tmp_path)
    made.rebuild([])
    return made
