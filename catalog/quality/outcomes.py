"""The words for what a measurement said and for how a check stands."""

from django.db import models


class Outcome(models.TextChoices):
    """What one measurement said. Error: it could not be measured."""

    PASSED = "passed", "Passed"
    FAILED = "failed", "Failed"
    ERROR = "error", "Could not be measured"
    SKIPPED = "skipped", "Skipped"
    UNKNOWN = "unknown", "Unknown"


class Status(models.TextChoices):
    """How a check stands after flapping was suppressed (see `flapping`)."""

    PASSED = "passed", "Passed"
    FAILED = "failed", "Failed"
    ERROR = "error", "Could not be measured"
    UNKNOWN = "unknown", "Unknown"
