"""Where the embedded Valkey listens, and how cache and broker name the server they share.

Standard library only: the runner imports this before anything is installed for its own process.
"""

import hashlib
import os
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

# The kernel's sockaddr_un holds 108 bytes with its end mark on Linux, 104 on macOS.
LONGEST_SOCKET_PATH = 103


def socket_path(data_dir: Path) -> Path:
    """The embedded server's unix socket: in the data folder, or, where that path is too long for a socket, in a
    folder of the user's own below the temporary folder (the same for every process of this data folder).
    """
    path = data_dir / "valkey.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"meshportal-{os.getuid()}-{digest}" / "valkey.sock"


def make_socket_folder(path: Path) -> None:
    """Make the socket's folder, open to its owner only. Raises PermissionError when somebody else made it first."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.parent.stat().st_uid != os.getuid():
        raise PermissionError(f"{path.parent} belongs to somebody else.")


def address(data_dir: Path) -> str:
    """The embedded server's address, as the cache takes it."""
    return f"unix://{socket_path(data_dir)}"


def broker_address(redis_url: str) -> str:
    """The same server as Celery names it: `unix://` becomes `redis+socket://`, `valkey://` becomes `redis://`."""
    parts = urlsplit(redis_url)
    if parts.scheme == "unix":
        return redis_url.replace("unix://", "redis+socket://", 1)
    if parts.scheme in {"valkey", "valkeys"}:
        return redis_url.replace("valkey", "redis", 1)
    return redis_url
