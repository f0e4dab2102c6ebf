"""`manage.py check_contract FILE [--junit FILE] [--format json]`: what a proposed contract breaks; a gate for CI."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, NoReturn
from xml.etree import ElementTree

from django.core.management.base import BaseCommand, CommandError

from catalog.accounts.models import User
from catalog.common.documents import MAX_BYTES
from catalog.contracts.checking import Check, check_contract

BREAKS, COULD_NOT_RUN = 1, 2


class Command(BaseCommand):
    help = (
        "Compare a proposed contract with the version in force. Exit status: 0 nothing breaks, 1 something breaks or "
        "the version is too small a step, 2 the file cannot be read or is no valid contract."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the proposed contract, YAML or JSON")
        parser.add_argument("--junit", metavar="FILE", help="also write the answer as JUnit XML")
        parser.add_argument("--format", choices=["text", "json"], default="text")
        parser.add_argument("--as", dest="username", help="see the consumers this person may see, not all")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with Path(options["file"]).open("rb") as stream:
                raw = stream.read(MAX_BYTES + 1)
        except OSError as error:
            self._give_up(f"The file cannot be read: {error.strerror}.")
        check = check_contract(self._person(options["username"]), raw)
        if options["junit"]:
            Path(options["junit"]).write_bytes(junit(check))
        if options["format"] == "json":
            self.stdout.write(json.dumps(check.as_dict(), ensure_ascii=False, indent=2))
        else:
            self._tell(check)
        if check.is_refused:
            raise SystemExit(COULD_NOT_RUN)
        if not check.is_clean:
            raise SystemExit(BREAKS)

    def _person(self, username: str | None) -> User | None:
        if not username:
            return None
        person: User | None = User.objects.active().filter(username__iexact=username).first()
        return person or self._give_up(f"There is no active person named {username}.")

    def _tell(self, check: Check) -> None:
        for problem in check.problems:
            self.stdout.write(f"{problem.severity}: {problem.path}: {problem.message}")
        if check.is_refused:
            return
        against = f"against {check.base.version}" if check.base else "new here: nothing to compare with"
        self.stdout.write(f"{check.key} {check.version}, {against}")
        for change in check.found.changes:
            self.stdout.write(f"  {change.severity:<10} {change.sentence}")
        if check.version_problem:
            self.stdout.write(f"  version    {check.version_problem}")
        for consumer in check.consumers:
            told = f"; tell {', '.join(consumer.tell)}" if consumer.tell else ""
            self.stdout.write(f"  reaches    {consumer.product.key}, {consumer.steps} away{told}")
        if check.hidden:
            self.stdout.write(f"  reaches    {check.hidden} more that you may not see")
        for step in check.plan:
            due = f" By {step.due_at}." if step.due_at else ""
            self.stdout.write(f"  plan       {step.words}{due}")

    def _give_up(self, message: str) -> NoReturn:
        raise CommandError(message, returncode=COULD_NOT_RUN)


def junit(check: Check) -> bytes:
    """One test case a change and problem; breaking ones, errors and a wrong version fail."""
    cases: list[tuple[str, str, bool]] = [
        (problem.path, problem.message, problem.severity == "error") for problem in check.problems
    ]
    cases += [
        (f"{item.path} {item.aspect}", item.sentence, item.severity == "breaking")
        for item in check.found.changes
    ]
    cases.append(("version", check.version_problem or "The version is right.", bool(check.version_problem)))
    suite = ElementTree.Element(
        "testsuite",
        name="check_contract",
        tests=str(len(cases)),
        failures=str(sum(fails for *_, fails in cases)),
    )
    for name, words, fails in cases:
        case = ElementTree.SubElement(
            suite, "testcase", classname=_legal(check.key or "contract"), name=_legal(name)
        )
        if fails:
            ElementTree.SubElement(case, "failure", message=_legal(words)).text = _legal(words)
    written: bytes = ElementTree.tostring(suite, encoding="utf-8", xml_declaration=True)
    return written


def _legal(words: str) -> str:
    """Without the control characters XML cannot carry."""
    return "".join(letter for letter in words if letter in "\t\n" or letter >= " ")
