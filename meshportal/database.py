"""The database setting: SQLite in the data folder, or what MESHPORTAL_DATABASE_URL names."""

from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from meshportal import env


def configuration(data_dir: Path) -> dict[str, Any]:
    """Django's DATABASES entry.

    SQLite runs in WAL mode with immediate transactions and a 20 s busy timeout, so that one writer waits for
    another instead of failing. Raises ConfigurationError for an address that is not PostgreSQL or SQLite.
    """
    url = env.text("MESHPORTAL_DATABASE_URL", "")
    parts = urlsplit(url)
    if not url or parts.scheme == "sqlite":
        name = Path(unquote(parts.path)) if url else data_dir / "portal.sqlite3"
        return _sqlite(name)
    if parts.scheme in {"postgres", "postgresql"}:
        return _postgresql(parts)
    raise env.ConfigurationError(
        "MESHPORTAL_DATABASE_URL must begin with postgresql:// or sqlite:///, "
        f"and not with {parts.scheme or 'nothing'}://."
    )


def replica(primary: dict[str, Any]) -> dict[str, Any] | None:
    """The entry of the read replica MESHPORTAL_DATABASE_REPLICA_URL names; None without one.

    Raises ConfigurationError when it or the primary is not PostgreSQL.
    """
    url = env.text("MESHPORTAL_DATABASE_REPLICA_URL", "")
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or not primary["ENGINE"].endswith("postgresql"):
        raise env.ConfigurationError(
            "MESHPORTAL_DATABASE_REPLICA_URL must begin with postgresql://, and name a replica of the PostgreSQL in "
            "MESHPORTAL_DATABASE_URL."
        )
    entry = _postgresql(parts)
    entry["OPTIONS"].setdefault("connect_timeout", 2)
    return entry | {"TEST": {"MIRROR": "default"}}


def _postgresql(parts: SplitResult) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


def _sqlite(name: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(name),
        "CONN_MAX_AGE": 60,
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000;",
        },
    }
