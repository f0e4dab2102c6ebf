"""The rows of a table as they stand at a moment. Pure; see `values` for what is in them."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from catalog.demo import values
from catalog.demo.structure import Table
from catalog.demo.values import Row

EPOCH = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)  # a Friday: the weeks of charts begin on one
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
_PERIODS = {"hour": HOUR, "day": DAY, "week": 7 * DAY, "month": 30 * DAY}
_KEY_VALUES: dict[str, tuple[Any, ...]] = {
    "region": values.REGIONS, "country": values.COUNTRIES, "currency": values.CURRENCIES, "model": values.MODELS,
    "device": values.DEVICES, "rank": tuple(range(1, 11)), "mix": (1, 2), "position": (1, 2, 3, 4),
    "campaign_id": tuple(f"cmp{number:03d}" for number in range(40)),
    "track_id": tuple(values.track(number * 9) for number in range(100)),
    "other_track_id": tuple(values.track(number * 7 + 1) for number in range(12)),
    "user_id": tuple(f"u{number:05d}" for number in range(values.LISTENERS)),
}  # fmt: skip
_IDENTIFIERS = {
    "track_id": ("trk", values.TRACKS, 5), "artist_id": ("art", values.ARTISTS, 4),
    "release_id": ("rel", values.RELEASES, 4), "playlist_id": ("pl", values.PLAYLISTS, 4),
    "subscription_id": ("sub", 900, 5), "licence_id": ("lic", 700, 5),
}  # fmt: skip
_TIMES = ("received_at", "updated_at", "computed_at", "made_at", "ended_at", "analysed_at", "delivered_at", "placed_at",
          "issued_at", "happened_at", "reached_at", "seen_at", "played_at", "started_at")  # fmt: skip
ROWS = {
    "play_events": 4_000, "play_counts_daily": 3_600, "sessions": 900, "skips": 1_200, "podcast_plays": 800,
    "offline_plays": 300, "quality_hourly": 1_400, "quality_daily": 400, "buffering_events": 1_500,
    "delivery_costs": 360, "milestones": 240, "invoices": 1_200, "payouts": 540, "currency_rates": 700,
    "daily_mixes": 2_400, "similar_tracks": 1_200, "recommendation_feedback": 360, "top_50": 960,
    "top_50_export": 480, "country_charts": 480, "campaign_results": 320, "churn_signals": 400, "concerts": 240,
    "legacy_play_log": 400, "placements": 300, "markets": 12,
}  # fmt: skip
_WINDOW = 35 * DAY


@dataclass(frozen=True, slots=True)
class Pace:
    """How a table grows: `step` between rows, `kept` rows at a time; `things` of them are rewritten in turns."""

    step: dt.timedelta
    kept: int
    things: int | None = None


def pace_of(table: Table) -> Pace:
    """A table with a period in its key grows by whole periods, one of things by rewriting them, others by events."""
    keys = table.key_columns
    period = next((_PERIODS[name] for name in keys if name in _PERIODS), None)
    if period is not None:
        width = _width([name for name in keys if name not in _PERIODS])
        return Pace(period / width, ROWS[table.name])
    things = _width(keys) if len(keys) > 1 else None
    if len(keys) == 1 and keys[0] in _IDENTIFIERS:
        things = _IDENTIFIERS[keys[0]][1]
    elif len(keys) == 1 and keys[0] in _KEY_VALUES:
        things = len(_KEY_VALUES[keys[0]])
    kept = things or ROWS[table.name]
    return Pace((DAY if things else _WINDOW) / kept, kept, things)


def rows_of(table: Table, until: dt.datetime) -> Iterator[Row]:
    """Every row of `table` as it stands at `until`, oldest first."""
    pace = pace_of(table)
    last = int((until - EPOCH) / pace.step)
    if pace.things is None and any(name in _PERIODS for name in table.key_columns):
        last -= last % round(
            _PERIODS[_period_column(table)] / pace.step
        )  # periods are written when they are over
    for number in range(max(0, last - pace.kept), last):
        yield _row(table, number, pace)


def _period_column(table: Table) -> str:
    return next(name for name in table.key_columns if name in _PERIODS)


def _row(table: Table, number: int, pace: Pace) -> Row:
    rng = Random(f"{table.name}:{number}")  # noqa: S311 - made-up data
    at = EPOCH + pace.step * (number + 1)
    thing = number % pace.things if pace.things else number
    keys = _keys(table, thing, number, pace)
    columns = [field.path for field in table.columns]
    main_time = next((name for name in _TIMES if name in columns and name not in keys), None)
    stable = Random(f"{table.name}:{thing}")  # noqa: S311 - what belongs to the thing stays when it is rewritten
    row: Row = {}
    for field in table.columns:
        name = field.path
        if name in keys:
            row[name] = keys[name]
        elif name == main_time:
            row[name] = at.date() if field.logical_type == "date" else at
        else:
            row[name] = values.value(table.name, name, stable if pace.things else rng, thing, at)
        if isinstance(row[name], float) and field.logical_type == "integer":
            row[name] = int(row[name])
    return row


def _keys(table: Table, thing: int, number: int, pace: Pace) -> Row:
    names = table.key_columns
    if len(names) == 1 and names[0] not in _PERIODS:
        return {names[0]: _identifier(table, names[0], thing)}
    found: Row = {}
    rest = number if any(name in _PERIODS for name in names) else thing
    for name in reversed([name for name in names if name not in _PERIODS]):
        options = _KEY_VALUES[name]
        rest, place = divmod(rest, len(options))
        found[name] = options[place]
    for name in names:
        if name in _PERIODS:
            start = EPOCH + _PERIODS[name] * rest
            found[name] = start if name == "hour" else start.date()
    return found


def _identifier(table: Table, name: str, thing: int) -> Any:
    if name in _IDENTIFIERS:
        prefix, _, width = _IDENTIFIERS[name]
        return f"{prefix}{thing:0{width}d}"
    if name in _KEY_VALUES:
        return _KEY_VALUES[name][thing]
    return thing if name == "line_id" else f"{table.name[:3]}-{thing:08x}"


def _width(names: list[str] | tuple[str, ...]) -> int:
    width = 1
    for name in names:
        width *= len(_KEY_VALUES[name])
    return width
