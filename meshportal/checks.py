"""Checks of the settings: `./mesh manage check --deploy` lists what is unsafe on a machine others reach."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

LOOPBACK = {"", "localhost", "127.0.0.1", "::1", "[::1]"}
NETWORK_FILE_SYSTEMS = {
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "fuse.sshfs",
    "fuse.glusterfs",
    "ceph",
    "lustre",
}
# Providers that everybody has an account at; a tenant of one's own has another issuer.
SHARED_ISSUERS = (
    "https://accounts.google.com",
    "https://login.microsoftonline.com/common",
    "https://login.microsoftonline.com/organizations",
    "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad",
)
FEW = 6  # a random key has far more different characters
ADMINISTRATION_PORTS = {
    "22",
    "23",
    "25",
    "111",
    "135",
    "139",
    "445",
    "2375",
    "2379",
    "3389",
    "6379",
    "10250",
    "11211",
}


@register(Tags.security)
def unsafe_everywhere(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """What is wrong on any machine; runs at every start."""
    found: list[CheckMessage] = []
    if settings.DEMO and settings.BIND_HOST not in LOOPBACK:
        found.append(
            Warning(
                f"The demo mesh listens on {settings.BIND_HOST}; its one-click accounts are off.",
                hint="Start a portal of your own with --no-demo and another --data.",
                id="meshportal.W001",
            )
        )
    if settings.EMAIL.is_configured and not settings.PUBLIC_URL:
        found.append(
            Warning(
                "E-mail is sent, but its links lead nowhere: nobody said under which address people reach the portal.",
                hint="Set MESHPORTAL_PUBLIC_URL to the address people use, such as https://mesh.example.org.",
                id="meshportal.W022",
            )
        )
    if settings.DEBUG and settings.BIND_HOST not in LOOPBACK:
        found.append(
            Error(
                "MESHPORTAL_DEBUG is on while others can reach the portal: error pages would show its insides.",
                hint="Unset MESHPORTAL_DEBUG.",
                id="meshportal.E001",
            )
        )
    return found


class Rule(NamedTuple):
    """Something that should be otherwise where people sign in over a network. Numbers are never used twice."""

    number: int
    is_unsafe: Callable[[], bool]
    message: str
    remedy: str


RULES = (
    Rule(
        2,
        lambda: not settings.SECURE,
        "People's passwords and sessions travel unencrypted.",
        "Set MESHPORTAL_PUBLIC_URL=https://… and put a proxy that ends TLS in front.",
    ),
    Rule(
        3,
        lambda: any(name == "*" or name.startswith(".") for name in settings.ALLOWED_HOSTS),
        "Any Host header is believed, or any name below a domain.",
        "Name the hosts in MESHPORTAL_ALLOWED_HOSTS.",
    ),
    Rule(
        4,
        lambda: any(_is_weak(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)),
        "A signing key is short or no random text.",
        "Use 50 random characters or more, or let `./mesh manage rotate_keys` make one.",
    ),
    Rule(5, lambda: settings.DEMO, "This is a demo.", "Use a data folder started with --no-demo."),
    Rule(6, lambda: settings.DEBUG, "Debug pages are on.", "Unset MESHPORTAL_DEBUG."),
    Rule(
        7,
        lambda: len(set(settings.ENCRYPTION_KEYS)) > 1,
        "Older encryption keys are still kept: whoever has one reads what was encrypted with it.",
        "Run `./mesh manage rotate_keys`, then take the older keys out of MESHPORTAL_ENCRYPTION_KEYS.",
    ),
    Rule(
        8,
        lambda: settings.SECURE and not (settings.PROXY_COUNT or settings.TRUSTED_PROXIES),
        "The public address is https, but no proxy is trusted: every request counts as http and as the proxy's own.",
        "Set MESHPORTAL_TRUSTED_PROXIES to the network of the proxy, or MESHPORTAL_PROXY_COUNT.",
    ),
    Rule(
        9,
        lambda: any(network.prefixlen == 0 for network in settings.TRUSTED_PROXIES),
        "Every address is trusted as a proxy: a client may say it is anybody.",
        "Name the proxy's own network in MESHPORTAL_TRUSTED_PROXIES.",
    ),
    Rule(
        10,
        lambda: (
            bool(settings.PROXY_COUNT) and not settings.TRUSTED_PROXIES and settings.BIND_HOST not in LOOPBACK
        ),
        "Whoever reaches the portal's port past the proxy may say it is anybody.",
        "Name the proxy's network in MESHPORTAL_TRUSTED_PROXIES, or bind the server to loopback.",
    ),
    Rule(
        11,
        lambda: settings.SECURE and not settings.SECURE_HSTS_SECONDS,
        "Browsers are not told to stay on https.",
        "Unset MESHPORTAL_HSTS_DAYS, or set it to 30 or more.",
    ),
    Rule(
        12,
        lambda: settings.SEARCH_BACKEND == "whoosh" and _is_shared(),
        "The embedded search index serves one host, while database and broker can be shared by several.",
        "Set MESHPORTAL_SEARCH_BACKEND=postgres when more than one host runs the portal.",
    ),
    Rule(
        13,
        lambda: _vendor() == "sqlite3" and _is_on_network(Path(str(database()["NAME"]))),
        "The SQLite database lies on a network file system, whose locks do not hold: it will be damaged.",
        "Put the data folder on a local disk, or set MESHPORTAL_DATABASE_URL to PostgreSQL.",
    ),
    Rule(
        14,
        lambda: _redis_is_open(),
        "Redis or Valkey is reached over the network without a password.",
        "Give it a password and TLS: MESHPORTAL_REDIS_URL=rediss://:password@host:6380/0.",
    ),
    Rule(
        15,
        lambda: _database_is_in_clear(),
        "The database is reached over the network and may be so without TLS.",
        "End MESHPORTAL_DATABASE_URL with ?sslmode=verify-full (or require).",
    ),
    Rule(
        16,
        lambda: any(name in {"*", "0.0.0.0/0", "::/0"} for name in settings.ALLOWED_PRIVATE_HOSTS),
        "Connections may reach every host of the private network.",
        "Name the stores in MESHPORTAL_ALLOWED_PRIVATE_HOSTS.",
    ),
    Rule(
        17,
        lambda: bool(ADMINISTRATION_PORTS & set(settings.ALLOWED_PORTS)),
        "Connections may reach ports of remote administration, brokers or mail.",
        "Leave the stores' ports only in MESHPORTAL_ALLOWED_PORTS.",
    ),
    Rule(
        18,
        lambda: (
            any(Path(root).resolve() == Path("/") for root in settings.FILE_ROOTS)
            or any(settings.DATA_DIR.is_relative_to(Path(root).resolve()) for root in settings.FILE_ROOTS)
        ),
        "File connections may read the portal's own data folder, keys included.",
        "Name folders of data only in MESHPORTAL_FILE_ROOTS.",
    ),
    Rule(
        19,
        lambda: (
            settings.EMAIL.is_configured
            and not (settings.EMAIL.starts_tls or settings.EMAIL.is_tls)
            and settings.EMAIL.host not in LOOPBACK
        ),
        "E-mail, and its password, leave the portal unencrypted.",
        "Begin MESHPORTAL_EMAIL_URL with smtp+starttls:// or smtps://.",
    ),
    Rule(
        20,
        lambda: any(network.prefixlen == 0 for network in settings.METRICS_NETWORKS),
        "Everybody may read /metrics.",
        "Name the network of the monitoring in MESHPORTAL_METRICS_NETWORKS, or give it a token.",
    ),
    Rule(
        21,
        lambda: _is_open_to_others(settings.DATA_DIR),
        "Other accounts of this machine may open the data folder.",
        "chmod 700 it, and what is in it.",
    ),
    Rule(
        22,
        lambda: settings.OIDC.is_configured and not settings.SECURE,
        "People come back from the identity provider over http: what signs them in can be read on the way.",
        "Set MESHPORTAL_PUBLIC_URL=https://…",
    ),
    Rule(
        23,
        lambda: not settings.PASSWORD_LOGIN and not settings.OIDC.is_configured,
        "Passwords are switched off and there is no identity provider: nobody else can sign in.",
        "Set MESHPORTAL_OIDC_ISSUER, or unset MESHPORTAL_PASSWORD_LOGIN.",
    ),
    Rule(
        24,
        lambda: not settings.PASSWORD_LOGIN and not settings.BREAK_GLASS,
        "Nobody can sign in on the day the identity provider is away.",
        "Name an administrator's account in MESHPORTAL_BREAK_GLASS.",
    ),
    Rule(
        25,
        lambda: settings.OIDC.creates_accounts and settings.OIDC.issuer.startswith(SHARED_ISSUERS),
        "Whoever has an account at this provider, in any company, gets one here.",
        "Unset MESHPORTAL_OIDC_CREATE_ACCOUNTS, or use an issuer of your own tenant.",
    ),
    Rule(
        26,
        lambda: settings.OIDC.is_configured and not settings.OIDC.issuer.startswith("https://"),
        "The identity provider is asked without TLS.",
        "Begin MESHPORTAL_OIDC_ISSUER with https://.",
    ),
)


@register(Tags.security, deploy=True)
def unsafe_for_others(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """What should be different where people sign in over a network; runs with --deploy."""
    return [
        Warning(rule.message, hint=rule.remedy, id=f"meshportal.W{rule.number:03}")
        for rule in RULES
        if rule.is_unsafe()
    ]


def _is_weak(key: str) -> bool:
    return len(key) < 50 or len(set(key)) < FEW or key.startswith("django-insecure-")


def database() -> dict[str, Any]:
    """The database setting."""
    found: dict[str, Any] = settings.DATABASES["default"]
    return found


def _vendor() -> str:
    return str(database()["ENGINE"]).rpartition(".")[2]


def _is_shared() -> bool:
    return _vendor() == "postgresql" and not settings.REDIS_URL.startswith("unix:")


def _is_local(host: str) -> bool:
    return host in LOOPBACK or host.startswith("/")


def _redis_is_open() -> bool:
    parts = urlsplit(settings.REDIS_URL)
    return parts.scheme != "unix" and not parts.password and not _is_local(parts.hostname or "")


def _database_is_in_clear() -> bool:
    described = database()
    options = described.get("OPTIONS", {})
    host = str(described.get("HOST") or options.get("host", ""))
    if _vendor() != "postgresql" or _is_local(host):
        return False
    return options.get("sslmode") not in {"require", "verify-ca", "verify-full"}


def _is_open_to_others(folder: Path) -> bool:
    return folder.is_dir() and bool(folder.stat().st_mode & 0o077)


def _is_on_network(path: Path) -> bool:
    """Whether the mount point that holds `path` is of a network file system; False where that cannot be known."""
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    return file_system_of(path, mounts) in NETWORK_FILE_SYSTEMS


def file_system_of(path: Path, mounts: Sequence[str]) -> str:
    """The type of the file system below `path`, by lines of /proc/mounts."""
    best, kind = "", ""
    for line in mounts:
        _, place, name, *_ = line.split(" ")
        place = place.replace("\\040", " ")
        if path.is_relative_to(place) and len(place) >= len(best):
            best, kind = place, name
    return kind
