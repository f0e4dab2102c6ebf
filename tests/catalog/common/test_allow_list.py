"""Which hosts may be connected to: everything private is refused unless an administrator named it."""

from collections.abc import Sequence

import pytest

from catalog.common.allow_list import AllowList, HostPattern, HostRefused, HostUnknown


def answering(*addresses: str) -> AllowList:
    return AllowList.of(resolver=lambda host, port: list(addresses))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.9.1",
        "10.1.2.3",
        "172.16.0.9",
        "192.168.1.1",
        "169.254.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104
        "255.255.255.255",
        "224.0.0.1",
        "240.0.0.1",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "fd00:ec2::254",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "ff02::1",
    ],
)
def test_names_that_lead_inside_are_refused(address: str) -> None:
    with pytest.raises(HostRefused):
        answering(address).check("data.example.org", 443)


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::1]", "0"])
def test_odd_spellings_of_loopback_are_refused(host: str) -> None:
    with pytest.raises(HostRefused):
        AllowList.of().check(host, 443)


def test_public_address_is_returned_for_pinning() -> None:
    assert answering("93.184.216.34").check("data.example.org", 443) == "93.184.216.34"


def test_one_private_answer_among_public_ones_refuses_the_name() -> None:
    with pytest.raises(HostRefused):
        answering("93.184.216.34", "10.0.0.1").check("data.example.org", 443)


def test_name_is_resolved_exactly_once() -> None:
    asked: list[str] = []

    def resolver(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["93.184.216.34"] if len(asked) == 1 else ["127.0.0.1"]

    AllowList.of(resolver=resolver).check("rebinding.example.org", 443)
    assert asked == ["rebinding.example.org"]


def test_unlisted_port_is_refused_on_public_hosts() -> None:
    with pytest.raises(HostRefused, match="Port 6379"):
        answering("93.184.216.34").check("data.example.org", 6379)


@pytest.mark.parametrize(
    ("entry", "host", "port", "allowed"),
    [
        ("db.internal", "db.internal", 5432, True),
        ("db.internal", "DB.internal.", 5432, True),
        ("db.internal", "db.internal", 22, False),
        ("db.internal:9999", "db.internal", 9999, True),
        ("db.internal:9999", "db.internal", 5432, False),
        ("db.internal:*", "db.internal", 22, True),
        ("*.internal", "db.internal", 443, True),
        ("*.internal", "internal.example.org", 443, False),
        ("10.0.0.0/8", "db.internal", 443, True),
        ("192.168.0.0/16", "db.internal", 443, False),
    ],
)
def test_private_hosts_are_allowed_by_name(entry: str, host: str, port: int, allowed: bool) -> None:
    allow_list = AllowList.of([entry], resolver=lambda host, port: ["10.0.0.5"])
    if allowed:
        assert allow_list.check(host, port) == "10.0.0.5"
    else:
        with pytest.raises(HostRefused):
            allow_list.check(host, port)


def test_metadata_is_refused_even_when_its_network_is_allowed() -> None:
    with pytest.raises(HostRefused, match="metadata"):
        AllowList.of(["169.254.0.0/16"]).check("169.254.169.254", 80)


@pytest.mark.parametrize("host", ["", "/var/run/postgresql", "@abstract", "a/b"])
def test_sockets_and_nonsense_are_no_hosts(host: str) -> None:
    with pytest.raises(HostRefused):
        AllowList.of(["*.x"]).check(host, 5432)


def test_unknown_name_is_told_apart_from_a_forbidden_one() -> None:
    with pytest.raises(HostUnknown):
        answering().check("nowhere.example.org", 443)


@pytest.mark.parametrize("entry", ["*", "", "0.0.0.0/0", "db:http", "db:70000"])
def test_entries_that_would_allow_everything_are_refused(entry: str) -> None:
    with pytest.raises(ValueError, match=r"would|port"):
        HostPattern.parse(entry)
