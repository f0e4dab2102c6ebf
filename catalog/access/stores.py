"""What a provisioner is told about an access, and how it says that it could not give it. No Django."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class CannotProvision(Exception):
    """The store could not be changed or looked at; the message is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What is agreed, in the words of the store. `config` holds the connection's settings with its secrets.

    `principal` is the consumer's name in the store (a database role); `address` is that of the port's asset
    (`{"schema": …, "table": …}`); no `columns` means all of them.
    """

    agreement_id: int
    principal: str
    mode: str
    columns: tuple[str, ...]
    config: Mapping[str, Any]
    address: Mapping[str, Any]
