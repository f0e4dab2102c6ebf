"""Of two editors one wins, and the other is told by whom."""

import pytest

from catalog.audit import services as audit
from catalog.common.concurrency import bump_revision
from catalog.common.errors import Conflict, NotFound, StaleRevision
from catalog.products.models import DataProduct
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def test_second_editor_of_the_same_revision_is_refused(cast: Cast) -> None:
    mine = DataProduct.objects.get(pk=cast.play_events.pk)
    theirs = DataProduct.objects.get(pk=cast.play_events.pk)
    assert bump_revision(theirs, 1) == 2
    with pytest.raises(Conflict):
        bump_revision(mine, 1)
    assert DataProduct.objects.get(pk=mine.pk).revision == 2


def test_refusal_says_who_changed_what(cast: Cast) -> None:
    product = cast.play_events
    bump_revision(product, 1)
    audit.record(
        actor=cast.owner, verb="product.edited", obj=product, changes={"purpose": ["", "Count plays"]}
    )
    with pytest.raises(StaleRevision) as caught:
        bump_revision(product, 1)
    assert caught.value.message == "Owner changed purpose a moment ago while you were editing."
    assert caught.value.kept


def test_saving_after_the_bump_keeps_the_new_revision(cast: Cast) -> None:
    product = DataProduct.objects.get(pk=cast.play_events.pk)
    bump_revision(product, None)
    product.purpose = "Count plays"
    product.save()
    assert DataProduct.objects.get(pk=product.pk).revision == 2


def test_stale_instance_is_refused_even_without_an_expectation(cast: Cast) -> None:
    stale = DataProduct.objects.get(pk=cast.play_events.pk)
    bump_revision(cast.play_events, None)
    with pytest.raises(StaleRevision):
        bump_revision(stale, None)


def test_without_an_expectation_every_writer_gets_a_number_of_its_own(cast: Cast) -> None:
    assert [bump_revision(cast.play_events, None) for _ in range(3)] == [2, 3, 4]


def test_row_deleted_meanwhile_is_not_found() -> None:
    product = make.make_product()
    stale = DataProduct.objects.get(pk=product.pk)
    product.delete()
    with pytest.raises(NotFound):
        bump_revision(stale, 1)
