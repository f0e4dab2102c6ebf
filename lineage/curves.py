"""The lines of the picture: from a port's row or the middle of a box to the box it feeds, and from column to column."""

from dataclasses import dataclass
from itertools import pairwise

from lineage.address import AGE
from lineage.folding import Folding
from lineage.layout import Box, Drawing, Point, Route
from lineage.looking import Looking
from lineage.mesh.lenses import State
from lineage.rows import Row, column_key
from lineage.selectors import Edge, Neighbourhood

MARGIN = 56.0  # room for the stubs left and right of the outermost boxes


@dataclass(frozen=True, slots=True)
class Curve:
    """One edge: an SVG path and the sentence it stands for; `kind` is edge, column or indirect column."""

    path: str
    upstream: str
    downstream: str
    sentence: str
    in_cycle: bool = False
    kind: str = ""
    tone: str = ""


def curves_of(
    found: Neighbourhood,
    drawing: Drawing[int],
    folding: Folding,
    rows: dict[int, list[Row]],
    looking: Looking,
) -> list[Curve]:
    """The edges between boxes; where ports are shown each feeding port has a line of its own."""
    circles = [set(group) for group in found.cycles]
    curves = []
    for route in drawing.routes:
        edges = folding.edges[route.upstream, route.downstream]
        in_cycle = any(route.upstream in circle and route.downstream in circle for circle in circles)
        box = drawing.boxes[route.upstream]
        for start, own in _starts(edges, box, rows.get(route.upstream, [])):
            curves.append(
                Curve(
                    _path(route, start),
                    _key(found, folding, route.upstream),
                    _key(found, folding, route.downstream),
                    _sentence(found, folding, route, own, looking),
                    in_cycle,
                    tone=_tone(found, own, looking),
                )
            )
    return curves


def _key(found: Neighbourhood, folding: Folding, unit: int) -> str:
    if unit in found.unnamed:
        return found.unnamed[unit].key
    return found.nodes[unit].key if unit > 0 else f"domain:{folding.domains[unit].domain.slug}"


def _name(found: Neighbourhood, folding: Folding, unit: int) -> str:
    return folding.domains[unit].domain.name if unit in folding.domains else found.name_of(unit)


def _worst(found: Neighbourhood, edges: list[Edge], looking: Looking) -> State | None:
    """The age of several edges drawn as one: it fades when one of them does."""
    ages = [age for edge in edges if (age := looking.age(found.sights.get(edge)))]
    return next((age for age in ages if age.key == "warning"), ages[0] if ages else None)


def _tone(found: Neighbourhood, edges: list[Edge], looking: Looking) -> str:
    age = _worst(found, edges, looking)
    if age is None:
        return ""
    if looking.lens_key == AGE:
        return f"{age.tone} fading" if age.key == "warning" else age.tone
    return "fading" if age.key == "warning" else ""


def _sentence(
    found: Neighbourhood, folding: Folding, route: Route[int], edges: list[Edge], looking: Looking
) -> str:
    words = f"{_name(found, folding, route.upstream)} feeds {_name(found, folding, route.downstream)}"
    age = _worst(found, edges, looking)
    return f"{words} (not seen for long)" if age is not None and age.key == "warning" else words


def _starts(edges: list[Edge], box: Box, rows: list[Row]) -> list[tuple[float | None, list[Edge]]]:
    """Heights where the lines leave a box: each feeding port's row, else the middle (None), with their edges."""
    middles = {row.port_id: box.y + row.middle for row in rows if row.kind == "port"}
    by_height: dict[float | None, list[Edge]] = {}
    for edge in edges:
        by_height.setdefault(middles.get(edge.port_id), []).append(edge)
    return list(by_height.items()) or [(None, [])]


def _path(route: Route[int], start: float | None) -> str:
    points = [(x + MARGIN, y + MARGIN / 2) for x, y in route.points]
    if start is not None:
        points[0] = (points[0][0], start + MARGIN / 2)
    return curve(points)


def curve(points: list[Point]) -> str:
    """An SVG path through `points`: straight along a level, bent between levels."""
    parts = [f"M{points[0][0]:.0f} {points[0][1]:.1f}"]
    for (x1, y1), (x2, y2) in pairwise(points):
        middle = (x1 + x2) / 2
        bend = f"C{middle:.0f} {y1:.1f} {middle:.0f} {y2:.1f} {x2:.0f} {y2:.1f}"
        parts.append(f"L{x2:.0f} {y2:.1f}" if y1 == y2 else bend)
    return "".join(parts)


def column_curves(drawing: Drawing[int], rows: dict[int, list[Row]], looking: Looking) -> list[Curve]:
    """A line for each pair of columns that are both shown; those in one box bend out of its right side."""
    places: dict[str, tuple[Box, float]] = {}
    for unit, own in rows.items():
        box = drawing.boxes[unit]
        places |= {row.key: (box, box.y + row.middle) for row in own if row.kind == "column"}
    curves = []
    for line in looking.columns.lines:
        up, down = column_key(line.upstream), column_key(line.downstream)
        if up not in places or down not in places or up == down:
            continue
        (first, y1), (last, y2) = places[up], places[down]
        x1, x2 = first.x + first.width - 4 + MARGIN, last.x + 4 + MARGIN
        y1, y2 = y1 + MARGIN / 2, y2 + MARGIN / 2
        if first is last:
            x2 = x1
            path = f"M{x1:.0f} {y1:.1f}C{x1 + 36:.0f} {y1:.1f} {x1 + 36:.0f} {y2:.1f} {x2:.0f} {y2:.1f}"
        else:
            path = curve([(x1, y1), (x2, y2)])
        verb = "makes" if line.is_direct else "decides over"
        sentence = f"{line.upstream[1]} {verb} {line.downstream[1]}"
        curves.append(Curve(path, up, down, sentence, kind="column" if line.is_direct else "column indirect"))
    return curves
