"""The portal's own settings, with one bare page beside its addresses: what `test_pages` serves."""

from meshportal.settings import *  # noqa: F403  # these are the settings

ROOT_URLCONF = "tests.benchmarks.urls"
