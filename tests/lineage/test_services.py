"""Declared edges follow input ports."""

import pytest

from catalog.products.models import InputPort
from lineage.models import LineageEdge
from lineage.services import sync_declared_edges
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def test_an_input_port_makes_an_edge_and_its_removal_ends_it(cast: Cast) -> None:
    port = make.make_port(cast.play_events)
    declared = make.make_input_port(cast.playback_quality, port)
    edge = LineageEdge.objects.in_force().get()
    assert (edge.upstream_id, edge.downstream_id) == (port.pk, cast.playback_quality.pk)
    declared.delete()
    edge.refresh_from_db()
    assert edge.valid_to is not None


def test_redirecting_an_input_port_ends_one_edge_and_begins_another(cast: Cast) -> None:
    first, second = make.make_port(cast.play_events), make.make_port(cast.play_events)
    declared = make.make_input_port(cast.playback_quality, first)
    declared.upstream_port = second
    declared.save()
    assert [edge.upstream_id for edge in LineageEdge.objects.in_force()] == [second.pk]
    assert LineageEdge.objects.count() == 2


def test_deleting_the_output_port_ends_the_edge(cast: Cast) -> None:
    port = make.make_port(cast.play_events)
    make.make_input_port(cast.playback_quality, port)
    port.delete()
    assert not LineageEdge.objects.in_force().exists()


def test_sync_catches_bulk_writes_and_twice_changes_nothing(cast: Cast) -> None:
    port = make.make_port(cast.play_events)
    InputPort.objects.bulk_create([InputPort(product=cast.playback_quality, name="bulk", upstream_port=port)])
    assert not LineageEdge.objects.exists()
    assert sync_declared_edges() == 1
    assert sync_declared_edges() == 0


def test_two_input_ports_on_one_output_port_make_one_edge(cast: Cast) -> None:
    port = make.make_port(cast.play_events)
    first = make.make_input_port(cast.playback_quality, port, name="one")
    make.make_input_port(cast.playback_quality, port, name="two")
    assert LineageEdge.objects.in_force().count() == 1
    first.delete()
    assert LineageEdge.objects.in_force().count() == 1
