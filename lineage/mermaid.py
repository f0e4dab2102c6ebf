"""The picture as a Mermaid flowchart, to paste into documents. Pure but for the names it is given."""

from collections.abc import Iterator

from lineage.looking import Looking
from lineage.selectors import UNNAMED, Neighbourhood

_ESCAPED = {'"': "#quot;", "#": "#35;", "<": "#lt;", ">": "#gt;", "`": "#96;", "\\": "#92;", "|": "#124;"}


def mermaid(found: Neighbourhood, looking: Looking) -> str:
    """A box for each product, grouped by domain; an arrow for each port that feeds another product."""
    return "\n".join(_lines(found, looking)) + "\n"


def _lines(found: Neighbourhood, looking: Looking) -> Iterator[str]:
    yield "flowchart LR"
    domains: dict[str, list[int]] = {}
    for pk, node in found.nodes.items():
        domains.setdefault(node.product.domain.name, []).append(pk)
    for place, (domain, products) in enumerate(domains.items()):
        yield f'  subgraph d{place}["{escaped(domain)}"]'
        for pk in products:
            yield f'    p{pk}["{escaped(found.nodes[pk].product.name)}"]'
        yield "  end"
    for edge in found.edges:
        ports = {port.pk: str(port) for port in found.nodes[edge.upstream].ports}
        age = looking.age(found.sights.get(edge))
        arrow = "-.->" if age is not None and age.key == "warning" else "-->"
        yield f'  p{edge.upstream} {arrow}|"{escaped(ports.get(edge.port_id, ""))}"| p{edge.downstream}'
    for place, one in enumerate(found.unnamed.values()):
        yield f'  u{place}(["{escaped(UNNAMED)}"])'
        yield from (f"  p{up} --> u{place}" for up in one.upstream)
        yield from (f"  u{place} --> p{down}" for down in one.downstream)
    yield f"  style p{found.focus.product.pk} stroke-width:3px"


def escaped(text: str) -> str:
    """Mermaid takes character references for what has a meaning; line breaks and control characters become blanks."""
    return "".join(_ESCAPED.get(letter, letter if letter.isprintable() else " ") for letter in text)
