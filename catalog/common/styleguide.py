"""What the style guide shows: invented people, marks, figures and a form, shaped as the features give them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

DOMAINS = (
    *("Listening", "Playback", "Artists", "Playlists", "Payments"),
    *("Recommendations", "Support", "Legal", "Finance", "Ads"),
)
MEANINGS = ("good", "warning", "bad", "unknown")
PARTS = (  # of the page, in order: the rail leads there
    ("type", "Type"),
    ("colour", "Colour"),
    ("buttons", "Buttons"),
    ("badges", "Badges and trust"),
    ("people", "People, teams, domains"),
    ("tabs", "Tabs and chips"),
    ("callouts", "Callouts and empty states"),
    ("tables", "Tables"),
    ("forms", "Forms"),
    ("text", "Code and differences"),
    ("figures", "Figures and charts"),
    ("time", "Timeline and progress"),
    ("dialogs", "Dialog"),
)
WRONG_INPUT = {"name": "", "purpose": "Counts plays.", "kind": "other"}


@dataclass(frozen=True)
class Person:
    name: str
    email: str = ""
    is_active: bool = True

    def __str__(self) -> str:
        return self.name

    @property
    def initials(self) -> str:
        return "".join(part[0] for part in self.name.split())


@dataclass(frozen=True)
class Named:
    """A team or a domain."""

    name: str
    slug: str
    hue: int = 0


@dataclass(frozen=True)
class Mark:
    label: str
    meaning: str
    value: str
    explanation: str
    url: str = ""
    is_judged: bool = True


@dataclass(frozen=True)
class Link:
    """A tab or a facet's value."""

    label: str
    count: int | None
    key: str = ""
    url: str = "#"
    active: bool = False


@dataclass(frozen=True)
class Event:
    at: datetime
    actor: str
    sentence: str
    url: str = ""
    detail: str = ""


class SampleForm(forms.Form):
    """One field of each sort."""

    name = forms.CharField(max_length=200, help_text="As people say it in a meeting.")
    purpose = forms.CharField(
        max_length=400, widget=forms.Textarea(attrs={"rows": 3}), help_text="One or two sentences."
    )
    kind = forms.ChoiceField(choices=[("table", "Table"), ("files", "Files"), ("api", "API")])
    modality = forms.ChoiceField(
        choices=[("batch", "Batch"), ("streaming", "Streaming")], widget=forms.RadioSelect, required=False
    )
    tags = forms.MultipleChoiceField(
        choices=[("gold", "gold"), ("music", "music"), ("pii", "personal data")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    sunset = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    notify = forms.BooleanField(required=False, label="Tell consumers", help_text="Once, now.")
    fixed = forms.CharField(disabled=True, initial="listening/play-events", label="Address")


def samples() -> dict[str, Any]:
    """The context of the page; times are relative to now."""
    now = timezone.now()
    proof = "Measured by the crawl 12 min ago from column played_at."
    return {
        "parts": PARTS,
        "now": now,
        "past": [now - timedelta(seconds=20), now - timedelta(hours=3), now - timedelta(days=40)],
        "soon": now + timedelta(days=2),
        "meanings": MEANINGS,
        "words": [
            ("good", "Fresh", now),
            ("warning", "Late", now - timedelta(hours=7)),
            ("bad", "Unreachable", now - timedelta(days=1)),
            ("unknown", "Not measured", None),
        ],
        "lifecycles": ["proposed", "draft", "active", "deprecated", "retired"],
        "people": [
            Person("Ada Lovelace", "ada@example.org"),
            Person("Grace Hopper"),
            Person("Alan Turing", is_active=False),
        ],
        "team_sample": Named("Listening team", "listening-team"),
        "domains": [Named("Listening", "listening", 3), Named("Charts", "charts", 3)],
        "hues": range(12),
        "trust": [
            Mark("Quality", "good", "92", f"92 of 100 over 4 dimensions. {proof}", "#"),
            Mark("Freshness", "warning", "7 h old", f"Promised within 6 h. {proof}", "#"),
            Mark("Owner", "bad", "no owner", "No team answers for this product."),
        ],
        "unmeasured": [
            Mark("Quality", "unknown", "not measured", "Fewer than two dimensions have been measured."),
            Mark("Freshness", "unknown", "no promise", "The owner promises no freshness."),
            Mark("Owner", "good", "Listening team", "The Listening team answers for this product."),
        ],
        "tab_items": [
            Link("Overview", None, "overview"),
            Link("Schema", 24, "schema"),
            Link("Lineage", 5, "lineage"),
        ],
        "facet_values": [
            Link(name, count, active=name == "Listening")
            for name, count in zip(
                DOMAINS,
                (412, 238, 120, 90, 61, 44, 30, 12, 9, 2),
                strict=True,
            )
        ],
        "before": "Counts every play longer than 30 seconds. Updated daily.",
        "after": "Counts every play longer than 10 seconds, skips left out. Updated hourly.",
        "snippet": "select played_at, track_id\nfrom listening.play_events\nwhere played_at >= current_date",
        "series": [3, 4, 4, 6, None, 5, 7, 9, 8, 12],
        "bins": [[0, 10, 4], [10, 20, 18], [20, 30, 42], [30, 40, 25], [40, 50, 7], [50, 60, 0], [60, 70, 1]],
        "events": [
            Event(now - timedelta(minutes=8), "Ada Lovelace", "published version 2.1.0", "#"),
            Event(now - timedelta(hours=3), "portal", "saw 2 columns appear in play_events"),
            Event(
                now - timedelta(days=2), "Grace Hopper", "changed the purpose", "#", "before: Counts plays"
            ),
        ],
    }
