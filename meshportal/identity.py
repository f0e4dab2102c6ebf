"""The identity provider's settings (OpenID Connect): nothing of it exists unless MESHPORTAL_OIDC_ISSUER is set."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from meshportal import env


@dataclass(frozen=True)
class Oidc:
    """How the portal signs people in through a provider. `link_by_email` and `creates_accounts` are off by default."""

    issuer: str = ""
    client_id: str = ""
    client_secret: str = ""  # empty: a public client, which PKCE alone protects
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    groups_claim: str = ""
    username_claim: str = "preferred_username"
    label: str = "Sign in with single sign-on"
    creates_accounts: bool = False
    links_by_email: bool = False
    asks_second_factor: bool = False
    ca_file: str = ""

    @property
    def is_configured(self) -> bool:
        return bool(self.issuer)

    @property
    def host_and_port(self) -> str:
        """Of the issuer: named by the operator, so it may be asked even in a private network."""
        parts = urlsplit(self.issuer)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def configuration() -> Oidc:
    """Raises ConfigurationError for an issuer that is no address, or one without a client id."""
    issuer = env.text("MESHPORTAL_OIDC_ISSUER", "").strip()
    if not issuer:
        return Oidc()
    try:
        parts = urlsplit(issuer)
        wrong = (
            parts.scheme not in {"http", "https"} or not parts.hostname or bool(parts.query or parts.fragment)
        )
        _ = parts.port
    except ValueError:
        wrong = True
    if wrong:
        raise env.ConfigurationError(f"MESHPORTAL_OIDC_ISSUER={issuer!r} is no address of a provider.")
    client_id = env.text("MESHPORTAL_OIDC_CLIENT_ID", "").strip()
    if not client_id:
        raise env.ConfigurationError("MESHPORTAL_OIDC_CLIENT_ID must be set when MESHPORTAL_OIDC_ISSUER is.")
    scopes = env.text("MESHPORTAL_OIDC_SCOPES", "openid profile email").replace(",", " ").split()
    return Oidc(
        issuer,
        client_id,
        env.text("MESHPORTAL_OIDC_CLIENT_SECRET", ""),
        tuple(dict.fromkeys(["openid", *scopes])),
        env.text("MESHPORTAL_OIDC_GROUPS_CLAIM", "").strip(),
        env.text("MESHPORTAL_OIDC_USERNAME_CLAIM", "preferred_username").strip(),
        env.text("MESHPORTAL_OIDC_LABEL", "Sign in with single sign-on").strip(),
        env.boolean("MESHPORTAL_OIDC_CREATE_ACCOUNTS", False),
        env.boolean("MESHPORTAL_OIDC_LINK_BY_EMAIL", False),
        env.boolean("MESHPORTAL_OIDC_ASK_SECOND_FACTOR", False),
        env.text("MESHPORTAL_OIDC_CA_FILE", ""),
    )
