"""A sample webhook in memory, from which the table of rights is computed."""

from catalog.accounts.models import User
from catalog.accounts.rights import SAMPLE_TEAM, Sample, register_sample
from catalog.notifications.webhooks.models import Webhook

CREATOR = "creator"


def sample_webhook(person: User, tie: str) -> Webhook:
    """A webhook of the sample team; with the tie `creator` it is that of `person`."""
    return Webhook(
        pk=-1, name="A webhook", created_by_id=person.pk if tie == CREATOR else -9, team_id=SAMPLE_TEAM
    )


register_sample(Sample("webhook", sample_webhook, ties={CREATOR: "its creator"}))
