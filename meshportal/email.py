"""The e-mail setting: nothing is sent unless MESHPORTAL_EMAIL_URL names a server."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from meshportal import env

SCHEMES = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


@dataclass(frozen=True)
class Email:
    """Where e-mail goes. `starts_tls`: the connection begins in the clear and is encrypted before anything is said."""

    backend: str = "django.core.mail.backends.dummy.EmailBackend"
    host: str = ""
    port: int = 25
    user: str = ""
    password: str = ""
    starts_tls: bool = False
    is_tls: bool = False
    sender: str = "mesh portal <portal@localhost>"

    @property
    def is_configured(self) -> bool:
        return bool(self.host)


def configuration() -> Email:
    """Read `smtp://`, `smtp+starttls://` or `smtps://user:password@host:port`. Raises ConfigurationError."""
    url, sender = env.text("MESHPORTAL_EMAIL_URL", ""), env.text("MESHPORTAL_EMAIL_FROM", "")
    if not url:
        return Email()
    try:
        parts = urlsplit(url)
        port = parts.port or SCHEMES.get(parts.scheme, 0)
    except ValueError as error:
        raise env.ConfigurationError(f"MESHPORTAL_EMAIL_URL cannot be read: {error}.") from error
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise env.ConfigurationError(
            f"MESHPORTAL_EMAIL_URL must begin with {', '.join(f'{name}://' for name in SCHEMES)} and name a host."
        )
    if "@" not in sender:
        raise env.ConfigurationError(
            "MESHPORTAL_EMAIL_FROM must name the sender, such as portal@example.org, when MESHPORTAL_EMAIL_URL is set."
        )
    return Email(
        "django.core.mail.backends.smtp.EmailBackend",
        parts.hostname,
        port,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        parts.scheme == "smtp+starttls",
        parts.scheme == "smtps",
        sender,
    )
