"""A soak: readers, editors and crawls at once on the demo portal as `./mesh up` runs it.

    BENCH_SOAK_MINUTES=15 ./mesh bench tests/benchmarks/test_soak.py

16 readers ask for random pages and searches with a pause of a third of a second between two, 2 editors change
products over the API with If-Match, and every port is crawled again and again. Nothing may fail, the memory of all
processes together must not grow once everything was used, the times must not grow, and when it is over the index
must say what the database says.
"""

import http.client
import itertools
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.meshportal.run.test_up import environment, free_port

pytestmark = [pytest.mark.benchmark, pytest.mark.slow, pytest.mark.timeout(7200)]

ROOT = Path(__file__).resolve().parents[2]
MINUTES = float(os.environ.get("BENCH_SOAK_MINUTES", "1"))
READERS, EDITORS = 16, 2
PAUSE = 0.33  # seconds a reader looks at a page
WELCOME = {200, 202, 304, 404, 409, 412}  # 409, 412: somebody else was quicker; 404: a private product
WORDS = (
    "play",
    "listener",
    "track",
    "artist",
    "playlist",
    "payment",
    "quality",
    "session",
    "daily",
    "region",
)
PAGES = ("/", "/products/", "/domains/", "/map/", "/lineage/", "/crawling/", "/api/v1/products/?page_size=20")
PEOPLE = ("owner", "steward", "consumer", "admin")
ENTER = """
import json
from django.conf import settings
from django.test import Client
from catalog.accounts import services
from catalog.accounts.models import User
from catalog.products.models import OutputPort
cookies = {}
for name in %r:
    client = Client()
    client.force_login(User.objects.get(username=name))
    cookies[name] = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
ports = [(p.product.domain.slug, p.product.slug, p.name, p.version)
         for p in OutputPort.objects.select_related("product__domain").filter(connection__isnull=False)]
print("FOUND " + json.dumps({"cookies": cookies, "ports": ports}))
"""


@dataclass
class Soak:
    """What is asked of, and what was seen."""

    port: int
    cookies: dict[str, str]
    ports: list[tuple[str, str, str, str]]
    token: str
    until: float
    answers: list[tuple[float, float, int]] = field(default_factory=list)  # when, milliseconds, status
    failures: list[str] = field(default_factory=list)

    def ask(
        self,
        link: http.client.HTTPConnection,
        method: str,
        path: str,
        headers: dict[str, str],
        body: str = "",
    ) -> http.client.HTTPResponse:
        begun = time.monotonic()
        link.request(method, path, body or None, {"Host": "localhost", **headers})
        answer = link.getresponse()
        answer.text = answer.read().decode("utf-8", "replace")  # type: ignore[attr-defined]
        self.answers.append((begun, (time.monotonic() - begun) * 1000, answer.status))
        if answer.status not in WELCOME:
            self.failures.append(f"{method} {path}: {answer.status}")
        return answer


@pytest.fixture(scope="module")
def soak(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Soak, subprocess.Popen[str]]]:
    data, port = tmp_path_factory.mktemp("soak"), free_port()
    command = [sys.executable, str(ROOT / "mesh"), "up", "--data", str(data), "--port", str(port)]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("Ready after"):
                break
        threading.Thread(target=process.stdout.read, daemon=True).start()  # so that its pipe never fills
        found = manage(data, "shell", "-v0", "-c", ENTER % (PEOPLE,))
        told = json.loads(next(line for line in found.splitlines() if line.startswith("FOUND "))[6:])
        token = manage(data, "create_token", "admin").strip()
        ports = [tuple(port) for port in told["ports"]]
        yield Soak(port, told["cookies"], ports, token, time.monotonic() + MINUTES * 60), process  # type: ignore[arg-type]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        if process.stdout:
            process.stdout.close()


def manage(data: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(ROOT / "mesh"), "manage", "--data", str(data), *arguments],
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout


def read(soak: Soak, place: int) -> None:
    chance = random.Random(place)
    link = http.client.HTTPConnection("127.0.0.1", soak.port, timeout=30)
    headers = {"Cookie": soak.cookies[PEOPLE[place % len(PEOPLE)]]}
    while time.monotonic() < soak.until:
        domain, slug, name, version = chance.choice(soak.ports)
        product = f"/products/{domain}/{slug}/"
        path = chance.choice(
            (
                *PAGES,
                f"/search/?q={'+'.join(chance.sample(WORDS, 2))}",
                f"/search/?q={chance.choice(WORDS)}&kind=column",
                f"/api/v1/search/?q={chance.choice(WORDS)}",
                f"/search/suggest/?q={chance.choice(WORDS)[:3]}",
                product,
                f"{product}schema/",
                f"{product}ports/{name}/{version}/",
                f"/lineage/?node=product:{domain}/{slug}&depth=2",
            )
        )
        try:
            soak.ask(link, "GET", path, headers)
        except (OSError, http.client.HTTPException) as error:
            soak.failures.append(f"GET {path}: {error!r}")
            link.close()
        time.sleep(PAUSE * chance.random() * 2)


def edit(soak: Soak, place: int) -> None:
    chance = random.Random(1000 + place)
    link = http.client.HTTPConnection("127.0.0.1", soak.port, timeout=30)
    headers = {"Authorization": f"Bearer {soak.token}", "Content-Type": "application/json"}
    for number in itertools.count():
        if time.monotonic() > soak.until:
            return
        domain, slug, *_ = chance.choice(soak.ports)
        path = f"/api/v1/products/{domain}/{slug}/"
        now = soak.ask(link, "GET", path, headers)
        body = json.dumps({"usage": f"Edited for the {number}th time by editor {place}."})
        soak.ask(link, "PATCH", path, {**headers, "If-Match": now.headers["ETag"]}, body)
        time.sleep(1)


def crawl(soak: Soak) -> None:
    link = http.client.HTTPConnection("127.0.0.1", soak.port, timeout=30)
    headers = {"Authorization": f"Bearer {soak.token}", "Content-Type": "application/json"}
    for domain, slug, name, version in itertools.cycle(soak.ports):
        if time.monotonic() > soak.until:
            return
        soak.ask(
            link, "POST", f"/api/v1/products/{domain}/{slug}/ports/{name}/{version}/crawl/", headers, "{}"
        )
        time.sleep(1)


def test_nothing_fails_grows_or_drifts(soak: tuple[Soak, subprocess.Popen[str]]) -> None:
    seen, process = soak
    begun = time.monotonic()
    threads = [threading.Thread(target=read, args=(seen, place)) for place in range(READERS)]
    threads += [threading.Thread(target=edit, args=(seen, place)) for place in range(EDITORS)]
    threads.append(threading.Thread(target=crawl, args=(seen,)))
    for thread in threads:
        thread.start()
    memory: list[tuple[float, float]] = []
    while time.monotonic() < seen.until:
        memory.append((time.monotonic(), proportional_megabytes(process.pid)))
        time.sleep(5)
    for thread in threads:
        thread.join(60)
    thirds = [begun + (seen.until - begun) * part / 3 for part in range(4)]
    spans = list(itertools.pairwise(thirds))
    p95 = [p95_of([ms for at, ms, _ in seen.answers if a <= at < b]) for a, b in spans]
    held = [statistics.mean([mb for at, mb in memory if a <= at < b]) for a, b in spans]
    print(
        f"{MINUTES:g} min, {len(seen.answers)} answers, {len(seen.answers) / MINUTES / 60:.0f} a second; p95 "
        f"{[round(ms) for ms in p95]} ms; PSS {[round(mb) for mb in held]} MB; {Counter(s for *_, s in seen.answers)}"
    )
    assert not seen.failures, Counter(seen.failures).most_common(10)
    assert held[2] < held[1] * 1.15 + 20
    assert p95[2] < p95[0] * 1.5 + 20
    assert drift_after(seen.port, 60) == ""


def p95_of(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def proportional_megabytes(root: int) -> float:
    """The PSS of a process and of everything it started, each shared page counted once."""
    total = 0
    for pid in family(root):
        with suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total / 1000


def family(root: int) -> set[int]:
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                parents[int(folder.name)] = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def drift_after(port: int, seconds: float) -> str:
    """What `/readyz` still finds wrong after at most `seconds`; "" when it is well."""
    end, text = time.monotonic() + seconds, "no answer"
    while time.monotonic() < end:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        link.request("GET", "/readyz", headers={"Host": "localhost"})
        answer = link.getresponse()
        text = answer.read().decode()
        link.close()
        if answer.status == 200:
            return ""
        time.sleep(1)
    return text
