"""A gate before a real server: everybody passes, but those who come while it is shut are kept waiting."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


class Gate:
    """`port` is where it stands. `is_shut` is asked once for each who comes; `waits` is set when somebody waits."""

    def __init__(self, server: int) -> None:
        self.server = server
        self.waits = threading.Event()
        self.is_shut: Callable[[], bool] = lambda: False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._stand, daemon=True).start()

    def _stand(self) -> None:
        with suppress(OSError):
            while True:
                guest, _ = self._listener.accept()
                with self._lock:
                    self._open.append(guest)
                threading.Thread(target=self._let_in, args=(guest,), daemon=True).start()

    def _let_in(self, guest: socket.socket) -> None:
        if self.is_shut():
            self.waits.set()  # until whoever waits hangs up, or is no more
            return
        with suppress(OSError):
            inside = socket.create_connection(("127.0.0.1", self.server), timeout=10)
            inside.settimeout(None)
            with self._lock:
                self._open.append(inside)
            threading.Thread(target=_carry, args=(guest, inside), daemon=True).start()
            _carry(inside, guest)

    def close(self) -> None:
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


def _carry(source: socket.socket, target: socket.socket) -> None:
    """What the one says to the other, until it hangs up."""
    with suppress(OSError):
        while said := source.recv(65_536):
            target.sendall(said)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def gate_before(server: int) -> Iterator[Gate]:
    """A gate before the server at that port of the loopback."""
    gate = Gate(server)
    try:
        yield gate
    finally:
        gate.close()
