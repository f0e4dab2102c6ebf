"""`send_test_email ADDRESS`: does e-mail leave the portal?"""

import smtplib
import ssl
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, get_connection
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email


class Command(BaseCommand):
    help = "Send one message to ADDRESS by the server of MESHPORTAL_EMAIL_URL, and say what went wrong if it did not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address", metavar="ADDRESS")

    def handle(self, *args: Any, **options: Any) -> None:
        address = options["address"]
        if not settings.EMAIL.is_configured:
            raise CommandError(
                "Nothing was sent: MESHPORTAL_EMAIL_URL names no server, so the portal sends no e-mail."
            )
        try:
            validate_email(address)
        except ValidationError as error:
            raise CommandError(f"Nothing was sent: {address!r} is no e-mail address.") from error
        link = f"\n\n{settings.PUBLIC_URL}/" if settings.PUBLIC_URL else ""
        message = EmailMessage(
            "Test of the mesh portal's e-mail",
            f"This message shows that the mesh portal can send e-mail.{link}\n",
            to=[address],
            connection=(backend := get_connection()),
        )
        place = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
        try:
            message.send()
        except (smtplib.SMTPException, OSError) as error:
            raise CommandError(f"Nothing was sent. {explain(error, place)}") from error
        finally:
            if half_open := getattr(backend, "connection", None):  # left behind where TLS could not begin
                half_open.close()
        self.stdout.write(f"{place} took the message to {address}.")


def explain(error: Exception, place: str) -> str:
    """What went wrong with the server at `place`, and where to look."""
    match error:
        case smtplib.SMTPAuthenticationError():
            return f"{place} refuses the user name or password in MESHPORTAL_EMAIL_URL."
        case smtplib.SMTPSenderRefused():
            return f"{place} refuses the sender {error.sender} (MESHPORTAL_EMAIL_FROM): {_words(error.smtp_error)}"
        case smtplib.SMTPRecipientsRefused():
            _, reason = next(iter(error.recipients.values()))
            return f"{place} refuses the address: {_words(reason)}"
        case smtplib.SMTPNotSupportedError():
            return f"{place} cannot do what MESHPORTAL_EMAIL_URL asks for: {error}"
        case ssl.SSLCertVerificationError():
            return f"The certificate of {place} is not trusted: {error.verify_message}."
        case ssl.SSLError():
            return (
                f"{place} does not speak TLS this way: use smtps:// for TLS from the start (often port 465) and "
                "smtp+starttls:// for TLS that is begun later (often port 587)."
            )
        case smtplib.SMTPServerDisconnected() if "timed out" not in str(error):
            return f"{place} hung up: {error}"
        case TimeoutError() | smtplib.SMTPServerDisconnected():
            return f"{place} did not answer in {settings.EMAIL_TIMEOUT} s."
        case OSError() if not isinstance(error, smtplib.SMTPException):
            return f"{place} cannot be reached: {error.strerror or error}."
    return f"{place} answered: {error}"


def _words(reason: bytes | str) -> str:
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
