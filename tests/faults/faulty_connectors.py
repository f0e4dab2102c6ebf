"""Connectors as somebody else might write them, installed by entry point: each does the worst it can."""

import os
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

from catalog.connections.connectors.base import CheckResult, PortFacts
from catalog.connections.connectors.observations import ObservedAsset

held: list[Any] = []


class Faulty(ABC):
    description = "Does harm."
    config_fields = ()
    name = title = ""

    def check(self, config: Any, context: Any) -> CheckResult:
        return CheckResult(())

    def discover(self, config: Any, context: Any) -> Iterator[ObservedAsset]:
        self.harm()
        yield ObservedAsset(namespace=f"{self.name}://", name="table", kind="tables", address={})

    def crawl(self, config: Any, wanted: Any, context: Any) -> Iterator[Any]:
        return iter(())

    def facts(self, config: Any, address: Any) -> PortFacts:
        return PortFacts()

    @abstractmethod
    def harm(self) -> None:
        """Do it."""


class Crashing(Faulty):
    name, title = "crashing", "Crashes"

    def harm(self) -> None:
        os.kill(os.getpid(), signal.SIGSEGV)


class Leaking(Faulty):
    name, title = "leaking", "Leaks"

    def harm(self) -> None:
        while True:
            held.append(bytearray(os.urandom(1024) * 8 * 1024))  # 8 MiB that are really there
            time.sleep(0.05)


class Hanging(Faulty):
    name, title = "hanging", "Hangs"

    def harm(self) -> None:
        time.sleep(100_000)


class Endless(Faulty):
    name, title = "endless", "Never stops talking"

    def discover(self, config: Any, context: Any) -> Iterator[ObservedAsset]:
        while True:
            self.harm()
            yield ObservedAsset(namespace="endless://", name="always the same", kind="tables", address={})

    def harm(self) -> None:
        """The answer without an end is the harm."""
