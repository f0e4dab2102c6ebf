"""The command line of ./mesh."""

import argparse
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from meshportal.run import environment
from meshportal.run.environment import ROOT, RunError, say

CHECKS = (
    ("lint", ["-m", "ruff", "check", "."]),
    ("format", ["-m", "ruff", "format", "--check", "."]),
    ("types", ["-m", "mypy", "."]),
    (
        "imports",
        ["-c", "import sys; from importlinter.cli import lint_imports_command as run; sys.exit(run())"],
    ),
)
FAILED_TESTS = 1  # what pytest says when it ran to the end


def main(arguments: list[str]) -> int:
    """Run one command; returns the exit status (2: the command line is wrong, 1: it could not be done)."""
    options, rest = _parser().parse_known_args(arguments)
    if rest and options.command in {"up", "check", "extras"}:
        _parser().error(f"unrecognized arguments: {' '.join(rest)}")
    if options.data:
        os.environ["MESHPORTAL_DATA_DIR"] = str(Path(options.data).expanduser().resolve())
    try:
        return int(COMMANDS[options.command](options, rest))
    except RunError as error:
        print(f"mesh: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./mesh", description="Run, test and manage the mesh portal.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="run the portal; Ctrl-C stops it")
    up.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    up.add_argument("--port", type=int, default=8000, help="port to listen on (default %(default)s)")
    up.add_argument("--no-demo", action="store_true", help="start empty, without the demo mesh")
    manage = commands.add_parser("manage", help="run a management command", add_help=False)
    for command in (up, manage):
        command.add_argument("--data", metavar="DIR", help="the data folder (default .mesh)")
    for name, words in (("test", "run the tests"), ("bench", "run the benchmarks")):
        commands.add_parser(name, help=f"{words}; arguments go to pytest", add_help=False).set_defaults(
            data=""
        )
    extras = commands.add_parser("extras", help="install connectors that are not in the core: kafka, lake")
    extras.add_argument("names", nargs="*", metavar="EXTRA", help="without any: say which there are")
    extras.set_defaults(data="")
    commands.add_parser("check", help="lint, format, types, imports").set_defaults(data="")
    return parser


def up(options: argparse.Namespace, rest: list[str]) -> int:
    """Run the portal until it is stopped."""
    from meshportal.run import up

    return up.run(host=options.host, port=options.port, demo=not options.no_demo)


def manage(options: argparse.Namespace, rest: list[str]) -> int:
    """Hand over to manage.py inside the environment, where the caller stands: its files are named from there."""
    return _become([str(environment.ensure()), str(ROOT / "manage.py"), *rest], folder=Path.cwd())


def test(options: argparse.Namespace, rest: list[str]) -> int:
    """Run pytest, on every core unless the arguments say otherwise.

    All tests, that is without arguments, are run in two parts: first what may share the machine, then, one after the
    other, what kills processes and waits for them (marked `alone`): busy neighbours would be mistaken for faults.
    """
    pytest = [str(environment.ensure(development=True)), "-m", "pytest"]
    chosen = any(item == "--pdb" or item.startswith(("-n", "--numprocesses")) for item in rest)
    # Who has nothing left takes over from the others: the times of the tests differ a thousandfold.
    spread = [] if chosen else ["-n", str(min(os.cpu_count() or 2, 8)), "--dist", "worksteal"]
    if rest:
        return _become([*pytest, *spread, *rest])
    together = _run([*pytest, *spread, "-m", "not alone"])
    if together not in (0, FAILED_TESTS):
        return together
    return _run([*pytest, "-m", "alone"]) or together


def bench(options: argparse.Namespace, rest: list[str]) -> int:
    """Hand over to pytest with the benchmarks alone, one after the other, their figures shown."""
    python = environment.ensure(development=True)
    return _become([str(python), "-m", "pytest", "-m", "benchmark", "-s", "-p", "no:xdist", *rest])


def check(options: argparse.Namespace, rest: list[str]) -> int:
    """Run all four checks, also after one has failed."""
    python = environment.ensure(development=True)
    failed = []
    for name, command in CHECKS:
        say(f"— {name}")
        if subprocess.run([str(python), *command], cwd=ROOT).returncode:
            failed.append(name)
    if failed:
        print(f"mesh: failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def extras(options: argparse.Namespace, rest: list[str]) -> int:
    """Install extras beside the core, or list them."""
    if options.names:
        say(
            f"Installed: {', '.join(environment.add_extras(options.names))}. Restart the portal on this host."
        )
        return 0
    chosen = environment.chosen_extras()
    for name in environment.known_extras():
        say(f"{name}: {'installed' if name in chosen else 'not installed'}")
    return 0


def _run(command: list[str]) -> int:
    """A command to its end. Ctrl-C reaches it too, and it is given the time to say how far it came."""
    sys.stdout.flush()
    child = subprocess.Popen(command, cwd=ROOT)
    while True:
        with suppress(KeyboardInterrupt):
            return child.wait()


def _become(command: list[str], folder: Path = ROOT) -> int:
    os.chdir(folder)
    sys.stdout.flush()
    os.execv(command[0], command)  # noqa: S606  # the environment's own interpreter


COMMANDS = {"up": up, "manage": manage, "test": test, "bench": bench, "extras": extras, "check": check}
