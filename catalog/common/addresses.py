"""Addresses of pages, remembered: `reverse` takes longer than drawing the link it is for."""

from functools import lru_cache

from django.urls import get_script_prefix, reverse

REMEMBERED = 32_768


def address(name: str, *arguments: str) -> str:
    """What `reverse(name, args=arguments)` answers. Raises NoReverseMatch."""
    return _remembered(name, arguments, get_script_prefix())


@lru_cache(maxsize=REMEMBERED)
def _remembered(name: str, arguments: tuple[str, ...], prefix: str) -> str:
    """`prefix`: where the portal is mounted; another mount has other addresses."""
    return reverse(name, args=arguments)
