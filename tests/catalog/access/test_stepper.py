"""The stepper is never green where nobody can read, in any combination of its three states."""

import datetime as dt
from itertools import product

import pytest
from django.utils import timezone

from catalog.access.models import AccessRequest, Agreement
from catalog.access.states import DecisionState, Provisioning, Validity
from catalog.access.stepper import steps_of

NOW = timezone.now()
DAY = dt.timedelta(days=1)
DATES = {
    Validity.NONE: (None, None, ""),
    Validity.SCHEDULED: (NOW + DAY, NOW + 90 * DAY, ""),
    Validity.ACTIVE: (NOW - DAY, NOW + 90 * DAY, ""),
    Validity.EXPIRING: (NOW - DAY, NOW + 5 * DAY, ""),
    Validity.EXPIRED: (NOW - 9 * DAY, NOW - DAY, ""),
    Validity.REVOKED: (NOW - 9 * DAY, NOW - DAY, "revoked"),
}


def agreement_of(validity: Validity, provisioning: Provisioning) -> Agreement:
    starts_at, ends_at, cut_short = DATES[validity]
    found = Agreement(
        starts_at=starts_at, ends_at=ends_at, cut_short=cut_short, provisioning=provisioning.value
    )
    assert found.validity(NOW) == validity
    return found


@pytest.mark.parametrize(("validity", "provisioning"), list(product(Validity, Provisioning)))
def test_green_only_where_one_can_read(validity: Validity, provisioning: Provisioning) -> None:
    agreement = agreement_of(validity, provisioning)
    requests = [None, *(AccessRequest(decision=decision.value) for decision in DecisionState)]
    for request in requests:
        decision, valid, provided = steps_of(agreement, request, NOW)
        assert decision.meaning != "good", "a decision gives nobody access"
        if not agreement.verdict(NOW).is_usable:
            assert "good" not in (valid.meaning, provided.meaning)


def test_what_can_be_read_is_green() -> None:
    for there in (Provisioning.GRANTED, Provisioning.NOT_NEEDED):
        steps = steps_of(agreement_of(Validity.ACTIVE, there), AccessRequest(decision="approved"), NOW)
        assert [step.meaning for step in steps] == ["unknown", "good", "good"]
    failed = steps_of(agreement_of(Validity.ACTIVE, Provisioning.FAILED), None, NOW)
    assert [step.meaning for step in failed] == ["unknown", "unknown", "bad"]
