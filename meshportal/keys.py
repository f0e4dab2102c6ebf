"""Keys and marks of a data folder: made at first start, readable by their owner only.

`keys/secret_key` and `keys/encryption_keys` hold one key a line, the newest first; what follows a key on its line is
the time it was retired. Files that hold one line are those of portals that never rotated.
"""

import os
import secrets
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from meshportal import env

DEMO_MARK = "DEMO"
FOLDER = "keys"
SIGNING, ENCRYPTION = "secret_key", "encryption_keys"


def signing_keys(data_dir: Path) -> list[str]:
    """Django's signing key and the older ones still believed: MESHPORTAL_SECRET_KEY and …_FALLBACKS, or the data
    folder (made when missing).
    """
    if given := env.text("MESHPORTAL_SECRET_KEY", ""):
        return [given, *env.words("MESHPORTAL_SECRET_KEY_FALLBACKS")]
    return _first_words(_kept(data_dir / FOLDER / SIGNING, new_signing_key()))


def encryption_keys(data_dir: Path) -> list[str]:
    """Fernet keys for credentials at rest, newest first: MESHPORTAL_ENCRYPTION_KEYS or the data folder."""
    given = env.words("MESHPORTAL_ENCRYPTION_KEYS")
    return given or _first_words(_kept(data_dir / FOLDER / ENCRYPTION, new_encryption_key()))


def installation_id(data_dir: Path) -> str:
    """The data folder's own id, made at the first start: it stays with the folder wherever that goes."""
    return _kept(data_dir / "installation_id", uuid.uuid4().hex)


def new_signing_key() -> str:
    return secrets.token_urlsafe(50)


def new_encryption_key() -> str:
    return urlsafe_b64encode(secrets.token_bytes(32)).decode()


def are_in_folder(name: str) -> bool:
    """Whether the keys `name` (SIGNING or ENCRYPTION) are the data folder's and not given by a setting."""
    setting = {SIGNING: "MESHPORTAL_SECRET_KEY", ENCRYPTION: "MESHPORTAL_ENCRYPTION_KEYS"}[name]
    return not env.text(setting, "")


def retired_at(data_dir: Path, name: str) -> dict[str, datetime]:
    """When each older key of the data folder was retired, of those whose time is known."""
    times = {}
    for line in (data_dir / FOLDER / name).read_text(encoding="ascii").splitlines():
        key, _, moment = line.partition(" ")
        if moment:
            times[key] = datetime.fromisoformat(moment.strip())
    return times


def write(data_dir: Path, name: str, chosen: Iterable[str]) -> None:
    """Keep these keys, newest first: all of them or, should the machine fail now, those kept before.

    Keys that are not first and have no time of retirement yet get the present one.
    """
    path = data_dir / FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    times = retired_at(data_dir, name) if path.is_file() else {}
    now = datetime.now(UTC).replace(microsecond=0)
    newest, *older = dict.fromkeys(chosen)
    lines = [newest, *(f"{key} {times.get(key, now).isoformat()}" for key in older)]
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    _write_new(draft, "\n".join(lines) + "\n")
    draft.replace(path)
    _sync_folder(path.parent)


def is_demo(data_dir: Path) -> bool:
    """Whether this data folder was made for the demo mesh; one-click accounts exist nowhere else."""
    return (data_dir / DEMO_MARK).is_file()


def _first_words(text: str) -> list[str]:
    return [line.split()[0] for line in text.splitlines() if line.strip()]


def _kept(path: Path, fresh: str) -> str:
    """The file's content, or `fresh` written to it. Two processes starting at once agree on one value."""
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    _write_new(draft, fresh + "\n")
    try:
        os.link(draft, path)  # fails when another process was first: its value counts
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text(encoding="ascii").strip()


def _write_new(path: Path, text: str) -> None:
    """Write and bring to the disk; a rest of an earlier attempt of the same name goes."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
