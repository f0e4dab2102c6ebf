"""Figures and times in the words people use; the exact value always stands beside them (see the `formats` tags)."""

from datetime import UTC, datetime, timedelta

STEPS = (  # upper limit in seconds, seconds of the unit, its short word
    (3600, 60, "min"),
    (86400, 3600, "h"),
    (86400 * 14, 86400, "d"),
    (86400 * 60, 86400 * 7, "weeks"),
    (86400 * 730, 86400 * 30.4375, "months"),
    (float("inf"), 86400 * 365.25, "years"),
)
SIZES = ("kB", "MB", "GB", "TB", "PB")
LARGE = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))


def relative(when: datetime, now: datetime) -> str:
    """`3 h ago`, `in 2 d`, `just now` (within 45 s). Both times must be aware."""
    seconds = (now - when).total_seconds()
    if abs(seconds) < 45:
        return "just now"
    words = span(abs(seconds))
    return f"{words} ago" if seconds > 0 else f"in {words}"


def span(seconds: float) -> str:
    """A length of time by its largest unit: `45 s`, `3 h`, `5 weeks`. Halves round up, so 90 min is `2 h`."""
    if seconds < 60:
        return f"{int(seconds)} s"
    for limit, unit, word in STEPS:
        count = int(seconds / unit + 0.5)
        if seconds < limit and count * unit < limit:
            return f"{count} {word}" if count != 1 else f"1 {word.removesuffix('s')}"
    raise AssertionError("the last step has no limit")


def length(value: timedelta) -> str:
    """A promised length of time, not rounded: `1 d 12 h`, `15 min`; units that are zero are left out."""
    left = int(value.total_seconds())
    parts = []
    for unit, word in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, left = divmod(left, unit)
        if count:
            parts.append(f"{count} {word}")
    return " ".join(parts) or "0 s"


def exact(when: datetime) -> str:
    """`21 Nov 2026, 02:03:11 UTC`, in the zone the time carries."""
    zone = "UTC" if when.utcoffset() == timedelta(0) else (when.tzname() or "")
    return f"{when.day} {when:%b %Y, %H:%M:%S} {zone}".rstrip()


def machine(when: datetime) -> str:
    """ISO 8601 in UTC, for the `datetime` attribute."""
    return when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def compact(value: float) -> str:
    """Three significant figures with k, M, G, T: `1.23 M`; below 10,000 the number itself with commas."""
    if abs(value) < 10_000:
        return grouped(value)
    for size, letter in LARGE:
        if abs(value) >= size * 0.9995:  # 999,950 reads as 1 M, not as 1,000 k
            return f"{_three(value / size)} {letter}"
    raise AssertionError("10,000 is above the smallest step")


def grouped(value: float) -> str:
    """All digits with thousands separated by commas; at most six decimals."""
    if isinstance(value, int) or value == int(value):
        return f"{int(value):,}"
    return f"{value:,.6f}".rstrip("0").rstrip(".")


def file_size(value: float) -> str:
    """Bytes in decimal units (kB = 1,000 B), three significant figures."""
    if abs(value) < 1000:
        return f"{int(value)} B"
    place = 0
    while abs(value) >= 999.5 * 1000 ** (place + 1) and place + 1 < len(SIZES):
        place += 1
    return f"{_three(value / 1000 ** (place + 1))} {SIZES[place]}"


def share(value: float) -> str:
    """A share 0..1 as percent; never rounded to 0 % or 100 % when it is neither."""
    percent = value * 100
    if 0 < percent < 0.1:
        return "<0.1 %"
    if 99.9 < percent < 100:
        return ">99.9 %"
    return f"{percent:.1f}".removesuffix(".0") + " %"


def _three(value: float) -> str:
    places = 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
