"""What goes wrong when somebody signs in through the provider, in words for the page."""

from dataclasses import dataclass


@dataclass
class SignInRefused(Exception):
    """Nobody is signed in. `code` is for the log and tests; the page shows `message` and `remedy`.

    `subject` is the provider's name for the person where it is proved: an administrator needs it to link an account.
    """

    code: str
    message: str
    remedy: str = (
        "Go back to the sign-in page and try once more. If it happens again, tell a platform administrator."
    )
    status: int = 400
    subject: str = ""

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


def provider_down(detail: str) -> SignInRefused:
    """The provider does not answer as it should; `detail` holds no secrets."""
    return SignInRefused(
        "provider_down",
        f"The identity provider cannot be used at the moment. {detail}",
        "Wait a moment and try again; who has a password here may sign in with it.",
        503,
    )


def bad_token(detail: str) -> SignInRefused:
    """The provider's answer does not prove who somebody is."""
    return SignInRefused("bad_token", f"The identity provider's answer was refused: {detail}")
