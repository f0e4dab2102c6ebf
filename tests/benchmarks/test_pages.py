"""Pages of the demo mesh on the real web server: how long the server takes, and against a bare page of equal size.

    ./mesh bench tests/benchmarks/test_pages.py

One granian process as `./mesh up` starts it, one connection, one request after the other, signed in as the demo's
owner. The bare pages (`urls.py`) pass the same middleware in the same process; they are asked alternately, so that a
busy machine lengthens all.
"""

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from meshportal.run.up import valkey_command, wait_for_socket, web_command
from meshportal.valkey import socket_path

pytestmark = [pytest.mark.benchmark, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
PYTHON = Path(sys.executable)
WARM, ROUNDS = 5, 60
LONGEST_MS = 100.0
SLOWEST_SHARE = 0.5  # of the bare page's speed; docs/performance.md has the figure
FULL_PAGE_BYTES = 40_000  # 15 rows and more
QUERIES = (
    *(
        "play",
        "plays",
        "listener",
        "track",
        "artist",
        "playlist",
        "payment",
        "quality",
        "session",
        "daily",
        "country",
    ),
    *(
        "events",
        "stream",
        "minutes",
        "royalty",
        "device",
        "error",
        "rate",
        "region",
        "user",
        "subscription",
        "catalog",
    ),
    *(
        "recommendation",
        "music",
        "podcast",
        "weekly",
        "hour",
        "time",
        "identifier",
        "name",
        "currency",
        "amount",
    ),
)
RESULTS = "/search/?q=play"
PAGES = {
    "home": "/",
    "product": "/products/listening/play-events/",
    "port": "",  # the first of the product
    "schema": "/products/listening/play-events/schema/",
    "search": RESULTS,
    "lineage": "/lineage/?node=product:listening/play-events&depth=2",
}
FILL = """
import json, django; django.setup()
from django.conf import settings
from django.core.management import call_command
from django.test import Client
call_command("migrate", verbosity=0)
call_command("load_demo", verbosity=0)
from catalog.accounts.models import User
from catalog.products.models import OutputPort
from catalog.search.services import drain_marks
drain_marks()
client = Client()
client.force_login(User.objects.get(username="owner"))
cookie = client.cookies[settings.SESSION_COOKIE_NAME]
port = OutputPort.objects.filter(product__slug="play-events").first()
print(json.dumps({
    "cookie": f"{cookie.key}={cookie.value}",
    "port": f"/products/listening/play-events/ports/{port.name}/{port.version}/",
}))
"""


@dataclass
class Server:
    connection: http.client.HTTPConnection
    cookie: str
    port_page: str

    def get(self, path: str) -> tuple[float, int]:
        """Milliseconds until the whole page was read, and its bytes."""
        begun = time.perf_counter()
        self.connection.request("GET", path, headers={"Cookie": self.cookie, "Host": "localhost"})
        answer = self.connection.getresponse()
        body = answer.read()
        assert answer.status == 200, f"{path} answered {answer.status}"
        return (time.perf_counter() - begun) * 1000, len(body)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("data")
    (data / "DEMO").touch()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MESHPORTAL_")}
    env = kept | {"MESHPORTAL_DATA_DIR": str(data), "DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings"}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    processes = [subprocess.Popen(valkey_command(PYTHON, data), cwd=ROOT, env=env)]
    try:
        wait_for_socket(socket_path(data))
        for command in (
            [str(PYTHON), "manage.py", "prepare"],
            [str(PYTHON), "-W", "ignore", "-c", FILL],
        ):
            filled = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True, check=True)
        told = json.loads(filled.stdout.splitlines()[-1])
        processes.append(subprocess.Popen(web_command(PYTHON.parent, "127.0.0.1", port), cwd=ROOT, env=env))
        with closing(connect(port)) as connection:
            yield Server(connection, told["cookie"], told["port"])
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait(20)


def connect(port: int) -> http.client.HTTPConnection:
    for _ in range(300):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.connect()
        except OSError:
            time.sleep(0.1)
        else:
            return connection
    pytest.fail("The web server did not start.")


def test_pages_take_less_than_a_tenth_of_a_second(server: Server) -> None:
    slow = []
    for name, path in (PAGES | {"port": server.port_page}).items():
        cold, size = server.get(path)
        times = [server.get(path)[0] for _ in range(ROUNDS)][WARM:]
        p50, p95 = statistics.median(times), statistics.quantiles(times, n=20)[-1]
        print(f"{name:<8} {size / 1000:5.0f} kB  first {cold:6.0f} ms  p50 {p50:6.1f}  p95 {p95:6.1f} ms")
        if p50 > LONGEST_MS:
            slow.append(name)
    assert not slow


def test_results_against_a_bare_page_of_their_size(server: Server) -> None:
    """Different questions that fill a page, each asked twice before; the bare page has the same bytes as theirs."""
    ours, theirs, sizes, text = [], [], [], []
    asked = [f"?q={word}&kind={kind}" for word in QUERIES for kind in ("product", "port", "column")]
    full = [query for query in asked if server.get(f"/search/{query}")[1] > FULL_PAGE_BYTES]
    for query in full * 2:
        server.get(f"/search/{query}"), server.get(f"/bare/results/{query}")
    for query in full * (1 + 100 // len(full)):
        took, size = server.get(f"/search/{query}")
        bare, same = server.get(f"/bare/results/{query}")
        assert abs(same - size) < size / 50
        ours.append(took)
        theirs.append(bare)
        sizes.append(size)
        text.append(server.get(f"/bare/{size}/")[0])
    ours_ms, theirs_ms, text_ms = (statistics.median(times) for times in (ours, theirs, text))
    print(
        f"{len(full)} questions, {statistics.median(sizes) / 1000:.0f} kB: results {ours_ms:.1f} ms, "
        f"a plain template {theirs_ms:.1f} ms, "
        f"text {text_ms:.1f} ms; "
        f"speed {theirs_ms / ours_ms:.2f} of the template's, {text_ms / ours_ms:.2f} of the text's"
    )
    assert theirs_ms / ours_ms >= SLOWEST_SHARE
