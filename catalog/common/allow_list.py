"""Which hosts and ports the portal may connect to: checked before every connection, HTTP and databases alike.

The rule: the port must be on the list; a name is resolved once; every address it resolves to must be public, unless
an administrator named the host (MESHPORTAL_ALLOWED_PRIVATE_HOSTS). The caller connects to the checked address, not
to the name, so that a second look-up cannot lead elsewhere (DNS rebinding).
"""

import ipaddress
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int], Sequence[str]]

DEFAULT_PORTS = frozenset({80, 443, 3306, 8080, 8443, 5432, 5433, 6432})
# Never, not even by name: cloud metadata services hand out credentials.
METADATA = frozenset(
    {"169.254.169.254", "169.254.170.2", "168.63.129.16", "fd00:ec2::254", "100.100.100.200"}
)
_CARRIER = ipaddress.ip_network("100.64.0.0/10")  # RFC 6598; Python calls it neither private nor global
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052
_NAT64_LOCAL = ipaddress.ip_network("64:ff9b:1::/48")  # RFC 8215


class HostRefused(Exception):
    """The portal's rules forbid the host or port. The message is for people."""


class HostUnknown(Exception):
    """The name does not resolve."""


def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, as the operating system knows them."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise HostUnknown(f"The name {host} does not resolve.") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class HostPattern:
    """One entry: `name`, `*.name`, an address or network, each with an optional `:port` or `:*`."""

    host: str
    port: int | None = None  # None: any port of the port list
    is_any_port: bool = False
    network: IpNetwork | None = None

    @classmethod
    def parse(cls, text: str) -> "HostPattern":
        """Raises ValueError for what cannot be an entry."""
        host, port = _split_port(text.strip().lower())
        if not host or host in {"*", "0.0.0.0/0", "::/0"}:
            raise ValueError(f"{text!r} would allow every private host; name them.")
        try:
            network: IpNetwork | None = ipaddress.ip_network(host.strip("[]"), strict=False)
        except ValueError:
            network = None
        return cls(host, int(port) if port not in {"", "*"} else None, port == "*", network)

    def allows(self, host: str, address: IpAddress, port: int, ports: frozenset[int]) -> bool:
        if self.port is None and not self.is_any_port and port not in ports:
            return False
        if self.port is not None and port != self.port:
            return False
        if self.network is not None:
            return address.version == self.network.version and address in self.network
        return fnmatchcase(host, self.host)


@dataclass(frozen=True, slots=True)
class AllowList:
    """The rule of this installation. `resolver` is injectable so that rebinding can be tested."""

    private_hosts: tuple[HostPattern, ...] = ()
    ports: frozenset[int] = DEFAULT_PORTS
    resolver: Resolver = field(default=resolve)

    @classmethod
    def of(
        cls,
        private_hosts: Iterable[str] = (),
        ports: Iterable[int] | None = None,
        resolver: Resolver = resolve,
    ) -> "AllowList":
        """From the words of the settings. Raises ValueError for a pattern that cannot be understood."""
        patterns = tuple(HostPattern.parse(text) for text in private_hosts)
        return cls(patterns, DEFAULT_PORTS if ports is None else frozenset(ports), resolver)

    def check(self, host: str, port: int) -> str:
        """The address to connect to. Resolves the name exactly once.

        Raises HostRefused when any of its addresses is forbidden (a name that answers with a public and a private
        address is an attack or a mistake), HostUnknown when the name does not resolve.
        """
        name = host.strip("[]").rstrip(".").lower()
        if not name or "/" in name or "\\" in name or name.startswith("@"):
            raise HostRefused("This is not a host name; sockets in the file system cannot be used.")
        if not 0 < port < 65_536:
            raise HostRefused(f"{port} is not a port.")
        literal = _literal(name)
        found = [str(literal)] if literal else list(self.resolver(name, port))
        if not found:
            raise HostUnknown(f"The name {host} does not resolve.")
        for text in found:
            self._check_address(name, _as_address(text), port)
        return found[0]

    def _check_address(self, host: str, address: IpAddress, port: int) -> None:
        inner = _unwrapped(address)
        if str(inner) in METADATA:
            raise HostRefused(f"{host} is the metadata service of a cloud; it is never asked.")
        if any(pattern.allows(host, inner, port, self.ports) for pattern in self.private_hosts):
            return
        if not is_public(inner):
            raise HostRefused(
                f"{host} lies in a private network. An administrator can allow it by name "
                "(MESHPORTAL_ALLOWED_PRIVATE_HOSTS)."
            )
        if port not in self.ports:
            raise HostRefused(
                f"Port {port} is not on the list of ports the portal may connect to (MESHPORTAL_ALLOWED_PORTS)."
            )


def is_public(address: IpAddress) -> bool:
    """Whether an address is reachable from the whole internet and is none of the special ones."""
    address = _unwrapped(address)
    if address.version == 4 and address in _CARRIER:
        return False
    if address.version == 6 and (address in _NAT64_LOCAL or address.is_site_local):
        return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_loopback or address.is_unspecified
    )


def _unwrapped(address: IpAddress) -> IpAddress:
    """The IPv4 address inside an IPv4-mapped, 6to4, Teredo or NAT64 one, because that is where packets go."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address.sixtofour:
        return address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _literal(name: str) -> IpAddress | None:
    """An address written as such, in the odd forms too (`2130706433`, `0x7f.1`) that system libraries accept."""
    try:
        return ipaddress.ip_address(name.split("%", 1)[0])
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(name)) if name[0].isdigit() else None
    except OSError:
        return None


def _as_address(text: str) -> IpAddress:
    try:
        return ipaddress.ip_address(text.split("%", 1)[0])
    except ValueError as error:
        raise HostRefused(f"{text} is not an address.") from error


def _split_port(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":")
    elif text.count(":") == 1:
        host, port = text.split(":")
    else:
        host, port = text, ""
    if port not in {"", "*"} and not (port.isdigit() and 0 < int(port) < 65_536):
        raise ValueError(f"{text!r} does not end in a port.")
    return host, port
