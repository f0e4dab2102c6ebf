"""Entries of the Registry of Open Data (one YAML file a data set) -> typed parts. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog.common.markdown import is_safe_link, plain
from catalog.contracts.parts import text, texts

Data = Mapping[str, Any]

NAME, ROOT_DOMAIN = "Registry of Open Data", "Open data"
_MD_LINK = re.compile(r"!?\[([^\]]*)\](?:\([^)]*\))?")
_PLAIN_LINK = re.compile(r"\(?\s*https?://[^\s)]+\s*\)?")
_NOBODY = re.compile(r"not currently managed|fill up|tbd|n/?a\Z|none\Z|unknown", re.IGNORECASE)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(r"https?://[^\s<>\"')\]]+")
#: sub-domain -> tags that lead there; the family with the most tags wins, the first of equals
FAMILIES: dict[str, tuple[str, ...]] = {
    "Life sciences": ("life sciences", "genomic", "genetic", "biology", "bioinformatics", "cancer", "medicine",
                      "health", "neuroscience", "imaging", "transcriptomics", "protein", "neuroimaging",
                      "medical imaging", "whole genome sequencing", "chemistry", "radiology", "pharmaceutical",
                      "biodiversity", "STRIDES"),
    "Climate and weather": ("climate", "weather", "meteorological", "atmosphere", "precipitation", "air quality",
                            "forecast", "climate model", "air temperature", "carbon", "near-surface air temperature"),
    "Earth observation": ("satellite imagery", "earth observation", "geospatial", "cog", "stac", "radar", "lidar",
                          "elevation", "land cover", "land", "synthetic aperture radar", "mapping", "ice", "hdf"),
    "Oceans and water": ("oceans", "water", "coastal", "marine", "hydrology", "ocean currents", "bathymetry", "fish"),
    "Machine learning": ("machine learning", "deep learning", "computer vision", "natural language processing",
                         "image processing", "labeled", "robotics", "autonomous vehicles", "speech recognition"),
    "Astronomy": ("astronomy", "space weather", "heliophysics", "solar", "exoplanet"),
    "Society and economy": ("energy", "transportation", "urban", "government records", "regulatory", "statistics",
                            "economics", "census", "financial markets", "cities", "law", "social media",
                            "cyber security", "internet", "events", "survey"),
}  # fmt: skip
OTHER = "Other open data"
_KINDS = {"S3 Bucket": "files", "SNS Topic": "topic"}
_PLATFORMS = {
    "S3 Bucket": "Amazon S3",
    "SNS Topic": "Amazon SNS",
    "CloudFront Distribution": "Amazon CloudFront",
}


@dataclass(frozen=True, slots=True)
class Resource:
    """One place the data can be had from."""

    title: str
    description: str
    kind: str
    platform: str
    location: str
    region: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One data set. Texts are Markdown with HTML inside, as their authors wrote them."""

    key: str  # the file's name without its ending
    name: str
    purpose: str
    description: str
    usage: str
    limitations: str
    managed_by: str  # a team's name; empty where nobody manages it
    family: str
    tags: tuple[str, ...]
    links: tuple[dict[str, str], ...]
    support: tuple[dict[str, str], ...]
    resources: tuple[Resource, ...]
    is_deprecated: bool = False
    deprecation_note: str = ""


def parse(key: str, data: Data) -> Entry:
    """The entry of a file's data (see `detect` for what makes it one)."""
    description, tags = text(data, "Description"), texts(data.get("Tags"))
    return Entry(
        key=key,
        name=plain(text(data, "Name"), 200) or key,
        purpose=_first_sentences(description),
        description=description,
        usage=_usage(data),
        limitations=_section("Licence", text(data, "License")),
        managed_by=team_name(text(data, "ManagedBy")),
        family=family_of(tags),
        tags=tuple(tag[:80] for tag in tags),
        links=_links(data),
        support=_support(text(data, "Contact")),
        resources=tuple(_resource(item) for item in data.get("Resources") or [] if isinstance(item, Mapping)),
        is_deprecated=data.get("Deprecated") is True,
        deprecation_note=text(data, "DeprecatedNotice"),
    )


def team_name(managed_by: str) -> str:
    """The organisation's name in `ManagedBy`, without links, quotes and web addresses; empty when it names nobody.

    `[NOAA](http://www.noaa.gov/)`, `NOAA (https://noaa.gov)` and `"[NOAA](…)"` are one.
    """
    words = _MD_LINK.sub(r"\1", managed_by)
    words = re.sub(r"<[^>]+>", " ", _PLAIN_LINK.sub(" ", words))
    words = " ".join(words.replace('"', " ").split()).strip(" .,;:-[]")
    return "" if not words or _NOBODY.match(words) else words[:120]


def family_of(tags: tuple[str, ...]) -> str:
    """The sub-domain most of the tags belong to."""
    counts = {family: len(set(words) & set(tags)) for family, words in FAMILIES.items()}
    best = max(counts, key=lambda family: counts[family])
    return best if counts[best] else OTHER


def _first_sentences(description: str) -> str:
    """The first two sentences or so, as plain words."""
    words = plain(description, 600)
    ends = [match.end() for match in re.finditer(r"[.!?](?=\s|$)", words) if 60 <= match.end() <= 320]
    return words[: ends[0]] if ends else plain(description, 300)


def _section(title: str, body: str) -> str:
    return f"## {title}\n\n{body}" if body else ""


def _usage(data: Data) -> str:
    work = data.get("DataAtWork")
    parts = [
        _section("Documentation", text(data, "Documentation")),
        _section("Updates", text(data, "UpdateFrequency")),
        _section("Citation", text(data, "Citation")),
    ]
    for title in ("Tutorials", "Tools & Applications", "Publications"):
        items = work.get(title) if isinstance(work, Mapping) else None
        lines = (
            [_work_line(item) for item in items if isinstance(item, Mapping)]
            if isinstance(items, list)
            else []
        )
        parts.append(_section(title, "\n".join(line for line in lines if line)))
    return "\n\n".join(part for part in parts if part)


def _work_line(item: Data) -> str:
    title, url = text(item, "Title").replace("[", "(").replace("]", ")"), text(item, "URL")
    if not title:
        return ""
    shown = (
        f"[{title}]({url.replace(' ', '%20').replace(')', '%29')})" if is_safe_link(url) and url else title
    )
    author = text(item, "AuthorName")
    return f"- {shown}{f', {author}' if author else ''}"


def _links(data: Data) -> tuple[dict[str, str], ...]:
    found = dict.fromkeys(_URL.findall(text(data, "Documentation")))
    links = [{"label": "Documentation", "url": url} for url in list(found)[:5]]
    for item in data.get("Resources") or []:
        for explore in texts(item.get("Explore")) if isinstance(item, Mapping) else ():
            url, label = _URL.search(explore), _MD_LINK.search(explore)
            if url and len(links) < 20:
                links.append({"label": (label.group(1) if label else "") or "Explore", "url": url.group(0)})
    return tuple(link for link in links if is_safe_link(link["url"]) and len(link["url"]) <= 1000)


def _support(contact: str) -> tuple[dict[str, str], ...]:
    address, url = _EMAIL.search(contact), _URL.search(contact)
    if address:
        return ({"channel": address.group(0), "url": f"mailto:{address.group(0)}", "tool": "email"},)
    if url:
        return ({"channel": "Contact", "url": url.group(0)[:1000], "tool": "web"},)
    return ({"channel": plain(contact, 200), "url": "", "tool": ""},) if contact else ()


def _resource(item: Data) -> Resource:
    kind = text(item, "Type")
    location = text(item, "ARN") or text(item, "Host")
    description = text(item, "Description")
    name = location.rpartition(":::")[2] or location.rpartition(":")[2] or kind
    return Resource(
        title=plain(description, 200) or name[:200],
        description=description
        if len(description) > 200 or "<" in description or "](" in description
        else "",
        kind=_KINDS.get(kind, "api"),
        platform=_PLATFORMS.get(kind, kind)[:80],
        location=location[:1000],
        region=text(item, "Region")[:80],
    )
