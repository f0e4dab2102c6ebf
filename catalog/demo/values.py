"""Made-up data that looks as if it were real: the value of any column of any row, always the same. Pure.

A row is known by its table and its number; the number decides the time of the row, so a store can be made as it was
at any moment, and the next moment only adds to it.
"""

import datetime as dt
import math
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

COUNTRIES = ("SE", "DE", "BR", "US", "NG", "JP", "PT", "GB", "KE", "MX", "FR", "IN")
DEVICES = ("phone", "desktop", "speaker", "car", "tv", "web")
REGIONS = ("eu-north", "eu-west", "us-east", "sa-east", "af-west", "ap-east")
CURRENCIES = ("SEK", "BRL", "USD", "NGN", "JPY", "GBP", "KES", "MXN", "INR")
GENRES = (
    "afrobeats",
    "ambient",
    "fado",
    "folk",
    "grime",
    "highlife",
    "house",
    "indie",
    "jazz",
    "metal",
    "samba",
)
MODELS = ("north-star", "evergreen", "tidepool", "baseline")
TRACKS, ARTISTS, LISTENERS, RELEASES, PLAYLISTS = 900, 180, 600, 320, 260

_FIRST = (
    "Golden",
    "Silent",
    "Northern",
    "Paper",
    "Velvet",
    "Salt",
    "Second",
    "Blue",
    "Hollow",
    "Little",
    "Wild",
)
_SECOND = (
    "Lanterns",
    "Tides",
    "Mothers",
    "Engines",
    "Orchard",
    "Static",
    "Rivers",
    "Parade",
    "Wolves",
    "Summer",
)
_WORDS = (
    "Slow",
    "Rain",
    "Home",
    "Again",
    "Neon",
    "Letters",
    "Midnight",
    "Bloom",
    "Concrete",
    "Drift",
    "Harbour",
)

_MARKET_NAMES = ("Sweden", "Germany", "Brazil", "United States", "Nigeria", "Japan", "Portugal", "United Kingdom",
                 "Kenya", "Mexico", "France", "India")  # fmt: skip
_MARKET_CURRENCIES = ("SEK", "EUR", "BRL", "USD", "NGN", "JPY", "EUR", "GBP", "KES", "MXN", "EUR", "INR")
_MARKET_ZONES = ("Europe/Stockholm", "Europe/Berlin", "America/Sao_Paulo", "America/New_York", "Africa/Lagos",
                 "Asia/Tokyo", "Europe/Lisbon", "Europe/London", "Africa/Nairobi", "America/Mexico_City",
                 "Europe/Paris", "Asia/Kolkata")  # fmt: skip

Row = dict[str, Any]
Maker = Callable[[Random, int, dt.datetime], Any]


def track(number: int) -> str:
    return f"trk{number % TRACKS:05d}"


def artist(number: int) -> str:
    return f"art{number % ARTISTS:04d}"


def artist_name(number: int) -> str:
    return f"{_FIRST[number % 11]} {_SECOND[number // 11 % 10]}" + (" II" if number % ARTISTS >= 110 else "")


def title(number: int) -> str:
    return f"{_WORDS[number % 11]} {_WORDS[(number // 11 + 3) % 11].lower()}" + (
        f" {number}" if number >= 121 else ""
    )


def listener(rng: Random) -> str:
    return f"u{int(rng.betavariate(1, 3) * LISTENERS):05d}"


def _popular(rng: Random) -> int:
    """Numbers of tracks as they are heard: a few often, most seldom."""
    return int(rng.betavariate(0.7, 4) * TRACKS)


def _one_of(options: Sequence[Any]) -> Maker:
    return lambda rng, _number, _at: rng.choice(options)


def _normal(mean: float, spread: float, digits: int = 3, low: float = 0.0) -> Maker:
    return lambda rng, _number, _at: round(max(low, rng.gauss(mean, spread)), digits)


def _share(digits: int = 3) -> Maker:
    return lambda rng, _number, _at: round(rng.betavariate(2, 2), digits)


def _whole(low: int, high: int) -> Maker:
    return lambda rng, _number, _at: rng.randint(low, high)


def _long_tailed(mean: float) -> Maker:
    return lambda rng, _number, _at: int(rng.lognormvariate(math.log(mean), 0.8))


def _before(seconds: float) -> Maker:
    """A time a little before that of the row."""
    return lambda rng, _number, at: at - dt.timedelta(seconds=rng.expovariate(1 / seconds))


def _perhaps(share: float, maker: Maker) -> Maker:
    return lambda rng, number, at: maker(rng, number, at) if rng.random() < share else None


def _day(maker: Maker) -> Maker:
    return lambda rng, number, at: maker(rng, number, at).date()


def _entries(rng: Random, _number: int, at: dt.datetime) -> list[Row]:
    return [
        {"track_id": track(_popular(rng)), "added_at": at - dt.timedelta(days=rng.random() * 200)}
        for _ in range(rng.randint(3, 8))
    ]


#: column -> how its value is made; `table.column` comes first
MAKERS: dict[str, Maker] = {
    "user_id": lambda rng, _number, _at: listener(rng),
    "track_id": lambda rng, _number, _at: track(_popular(rng)),
    "artist_id": lambda rng, _number, _at: artist(int(rng.betavariate(0.8, 3) * ARTISTS)),
    "release_id": lambda rng, _number, _at: f"rel{rng.randrange(RELEASES):04d}",
    "playlist_id": lambda rng, _number, _at: f"pl{rng.randrange(PLAYLISTS):04d}",
    "episode_id": lambda rng, _number, _at: f"ep{rng.randrange(120):04d}",
    "subscription_id": lambda rng, _number, _at: f"sub{rng.randrange(900):05d}",
    "country": _one_of(COUNTRIES),
    "device": lambda rng, _number, _at: rng.choices(DEVICES, (50, 18, 12, 9, 4, 7))[0],
    "region": _one_of(REGIONS),
    "currency": _one_of(CURRENCIES),
    "context": _perhaps(0.96, _one_of(("playlist", "album", "radio", "search", "share"))),
    "ms_played": lambda rng, _number, _at: rng.choice(
        (rng.randint(1_000, 29_000), rng.randint(60_000, 320_000))
    ),
    "is_offline": lambda rng, _number, _at: rng.random() < 0.06,
    "played_at": _before(20),
    "started_at": _before(2_400),
    "plays": _long_tailed(40),
    "listeners": _long_tailed(25),
    "skips": _whole(0, 6),
    "from_ms": _whole(0, 200_000),
    "to_ms": _perhaps(0.7, _whole(0, 240_000)),
    "skips.kind": _one_of(("skip_next", "skip_next", "skip_back", "seek")),
    "show_name": _one_of(("The Long Track", "Studio B", "Hear Here", "Liner Notes", "Off the Record")),
    "percent_heard": lambda rng, _number, _at: round(100 * rng.betavariate(2, 1), 1),
    "speed": _perhaps(0.9, _one_of((1.0, 1.0, 1.0, 1.25, 1.5, 2.0))),
    "start_ms": _normal(340, 60, 0, 90),
    "stall_ratio": _normal(0.0016, 0.0008, 5),
    "bitrate_kbps": _normal(210, 30, 1, 48),
    "errors": _whole(0, 4),
    "waited_ms": _long_tailed(700),
    "codec": _one_of(("aac", "opus", "opus", "flac")),
    "network": _perhaps(0.93, _one_of(("wifi", "cellular", "wired"))),
    "gigabytes": _normal(8_200, 900, 1),
    "delivery_costs.cost": _normal(160, 25, 2),
    "cost": _normal(4_200, 1_500, 2, 50),
    "artists.name": lambda _rng, number, _at: artist_name(number),
    "artists.genres": lambda rng, _number, _at: ";".join(rng.sample(GENRES, rng.randint(1, 3))),
    "is_verified": lambda rng, _number, _at: rng.random() < 0.7,
    "monthly_listeners": _long_tailed(9_000),
    "milestones.kind": _one_of(("listeners", "plays", "chart")),
    "threshold": _one_of((1_000, 10_000, 100_000, 1_000_000)),
    "isrc": lambda rng, number, _at: f"{rng.choice(COUNTRIES)}DF1{20 + number % 7}{number % 100_000:05d}",
    "title": lambda _rng, number, _at: title(number),
    "artist": lambda rng, _number, _at: artist_name(rng.randrange(ARTISTS)),
    "duration_ms": _normal(201_000, 45_000, 0, 40_000),
    "explicit": lambda rng, _number, _at: rng.random() < 0.17,
    "loudness_lufs": _perhaps(0.94, lambda rng, _number, _at: round(rng.gauss(-11, 2.4), 1)),
    "is_available": lambda rng, _number, _at: rng.random() < 0.95,
    "tempo_bpm": _perhaps(0.97, _normal(118, 22, 1, 50)),
    "musical_key": _perhaps(
        0.9, _one_of(("A minor", "C major", "E minor", "F major", "G major", "B flat minor"))
    ),
    "label": _one_of(
        ("Harbour Lights", "Klangwerk", "Sete Mares", "Owl & Ember", "Lagos Sound Co.", "Independent")
    ),
    "releases.kind": _one_of(("album", "single", "single", "ep", "compilation")),
    "upc": lambda rng, _number, _at: f"{rng.randrange(10**11, 10**12)}",
    "holder": _one_of(
        ("Harbour Lights", "Klangwerk", "Northern Publishing", "Sete Mares", "Estate of R. Amadi")
    ),
    "share": _perhaps(0.96, _share(4)),
    "language": _one_of(("en", "pt", "de", "sv", "yo", "ja", "fr", "es")),
    "lines": _whole(12, 90),
    "is_synced": lambda rng, _number, _at: rng.random() < 0.8,
    "playlists.kind": _one_of(("listener", "listener", "editorial", "algorithmic")),
    "followers": _long_tailed(300),
    "tracks": _entries,
    "position": _whole(1, 50),
    "plays_before": _long_tailed(200),
    "plays_after": _perhaps(0.85, _long_tailed(420)),
    "removed_at": lambda _rng, _number, _at: None,
    "plan": _one_of(("free", "premium", "premium", "family", "student")),
    "end_reason": _perhaps(0.2, _one_of(("chosen", "payment", "moved"))),
    "ended_on": lambda _rng, _number, _at: None,
    "valid_to": lambda _rng, _number, _at: None,
    "amount": _normal(11.4, 4, 2, 1),
    "month": lambda _rng, _number, at: at.date().replace(day=1),
    "delivery_costs.currency": lambda _rng, _number, _at: "USD",
    "payouts.amount": _normal(940, 600, 2, 1),
    "card_number": lambda rng, _number, _at: f"{rng.randrange(10_000):04d}",
    "paid_at": _perhaps(0.9, _before(40_000)),
    "rate": _normal(12, 5, 4, 0.5),
    "score": _share(4),
    "by_ear": _share(4),
    "by_listeners": _share(4),
    "top_genre": _one_of(GENRES),
    "adventurousness": _share(),
    "energy": _share(),
    "danceability": _share(),
    "era": _perhaps(0.95, _one_of(("1970s", "1980s", "1990s", "2000s", "2010s", "2020s"))),
    "shown": _whole(4_000, 9_000),
    "played": _whole(1_200, 2_600),
    "finished": _whole(500, 1_100),
    "finish_rate": _share(),
    "weeks": _whole(1, 30),
    "campaign_id": lambda rng, _number, _at: f"cmp{rng.randrange(40):03d}",
    "channel": _one_of(("social", "audio", "outdoor", "search")),
    "new_listeners": _long_tailed(350),
    "segment": _one_of(("morning commuters", "deep divers", "party hosts", "sleepers", "comeback kids")),
    "segment_score": _share(),
    "churn_signals.kind": _one_of(("less_listening", "payment_failed", "support_call")),
    "weight": _share(),
    "city": _one_of(("Lisbon", "Gothenburg", "Lagos", "Berlin", "Recife", "Osaka", "Leeds", "Nairobi")),
    "starts_at": lambda rng, _number, at: at + dt.timedelta(days=rng.randint(3, 120)),
    "tickets_left": _perhaps(0.8, _whole(0, 900)),
    "markets.name": lambda _rng, number, _at: _MARKET_NAMES[number % len(COUNTRIES)],
    "markets.currency": lambda _rng, number, _at: _MARKET_CURRENCIES[number % len(COUNTRIES)],
    "time_zone": lambda _rng, number, _at: _MARKET_ZONES[number % len(COUNTRIES)],
    "people_online": _whole(8_000_000, 600_000_000),
}


def value(table: str, column: str, rng: Random, number: int, at: dt.datetime) -> Any:
    """The value of a column that is neither key nor the time of the row. Raises KeyError for a column unknown here."""
    maker = MAKERS.get(f"{table}.{column}") or MAKERS.get(column)
    if maker is None and column.endswith(("_on", "_from")):
        maker = _day(_before(90 * 86_400))
    elif maker is None and column.endswith("_at"):
        maker = _before(3_600)
    if maker is None:
        raise KeyError(f"No values are made for {table}.{column}.")
    return maker(rng, number, at)
