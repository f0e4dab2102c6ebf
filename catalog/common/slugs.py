"""Addresses made of names in any script."""

import unicodedata
from collections.abc import Callable

from django.utils.text import slugify

MAX_LENGTH = 120


def make_slug(name: str, *, fallback: str, is_taken: Callable[[str], bool], limit: int = MAX_LENGTH) -> str:
    """A readable, free address part for `name`: letters of every script are kept, everything else becomes a hyphen.

    A name without letters or digits (emoji, punctuation) gives `fallback`. A taken one gets the next number:
    `play-events-2`. `limit` is counted in characters and holds with the number.
    """
    base = slugify(unicodedata.normalize("NFKC", name), allow_unicode=True).strip("-_")
    base = base[:limit].strip("-_") or fallback
    slug, number = base, 1
    while is_taken(slug):
        number += 1
        suffix = f"-{number}"
        slug = base[: limit - len(suffix)].rstrip("-_") + suffix
    return slug
