"""The colours of the tokens: readable in both schemes, and twelve hues that colour-blind eyes tell apart."""

import itertools
import re
from pathlib import Path

import pytest
from django.conf import settings

TOKENS = (Path(settings.BASE_DIR) / "static" / "css" / "tokens.css").read_text(encoding="utf-8")
PAIRS = {
    name: (light, dark)
    for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", TOKENS)
}
GROUNDS = ("paper", "surface", "sunken", "hover")
TEXT_ON_GROUND = [
    (text, ground)
    for text in ("ink", "ink-2", "ink-3", "accent", "accent-strong", "good", "warning", "bad", "unknown")
    for ground in GROUNDS
] + [
    ("accent-ink", "accent"),
    ("accent-ink", "accent-strong"),
    ("ink", "accent-soft"),
    ("accent", "accent-soft"),
    ("ink", "mark"),
    ("accent", "mark"),
    *[(name, f"{name}-soft") for name in ("good", "warning", "bad", "unknown")],
    *[("ink", f"{name}-soft") for name in ("good", "warning", "bad", "unknown")],
]
# Severe colour blindness on linear RGB: Machado, Oliveira, Fernandes (2009), severity 1.0.
BLINDNESS = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}  # fmt: skip
Colour = tuple[float, float, float]


def linear(colour: str) -> Colour:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    r, g, b = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return r, g, b


def luminance(colour: str) -> float:
    r, g, b = linear(colour)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, relative contrast."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def lab(colour: Colour) -> Colour:
    """CIELAB under D65."""
    r, g, b = colour
    x = (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047
    y = 0.2126 * r + 0.7152 * g + 0.0722 * b
    z = (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883
    fx, fy, fz = (
        v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (max(x, 0), max(y, 0), max(z, 0))
    )
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def seen_by(blindness: str, colour: str) -> Colour:
    rows = BLINDNESS[blindness]
    rgb = linear(colour)
    r, g, b = (
        min(max(sum(weight * part for weight, part in zip(row, rgb, strict=True)), 0), 1) for row in rows
    )
    return r, g, b


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_ON_GROUND)
def test_text_reaches_4_5(text: str, ground: str, scheme: int) -> None:
    assert contrast(PAIRS[text][scheme], PAIRS[ground][scheme]) >= 4.5


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("shape", ["line-strong", "good", "warning", "bad", "unknown", "ring"])
def test_shapes_reach_3(shape: str, scheme: int) -> None:
    assert min(contrast(PAIRS[shape][scheme], PAIRS[ground][scheme]) for ground in ("paper", "surface")) >= 3


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("blindness", sorted(BLINDNESS))
def test_hues_differ_for_colour_blind_eyes(blindness: str, scheme: int) -> None:
    hues = {number: lab(seen_by(blindness, PAIRS[f"hue-{number}"][scheme])) for number in range(12)}
    close = [
        (one, other, round(distance, 1))
        for one, other in itertools.combinations(hues, 2)
        if (distance := sum((a - b) ** 2 for a, b in zip(hues[one], hues[other], strict=True)) ** 0.5) < 5
    ]
    assert not close
