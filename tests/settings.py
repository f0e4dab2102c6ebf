"""Settings of the tests: a data folder of their own, no cache server, no broker, quick passwords.

A test that needs the real Valkey or PostgreSQL asks for the fixture `valkey` or the marker `postgres`.
"""

import atexit
import os
import shutil
import tempfile

DATA = tempfile.mkdtemp(prefix="meshportal-test-")
atexit.register(shutil.rmtree, DATA, ignore_errors=True)
os.environ["MESHPORTAL_DATA_DIR"] = DATA
for name in [name for name in os.environ if name.startswith("MESHPORTAL_")]:
    if name not in {"MESHPORTAL_DATA_DIR", "MESHPORTAL_DATABASE_URL", "MESHPORTAL_FIXTURES"}:
        del os.environ[name]  # what a developer's shell exports must not decide a test

from meshportal.settings import *  # noqa: E402, F403  # the variables above must be set before

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
CELERY_BROKER_URL = "memory://"
SEARCH_BACKEND = "memory"  # tests of the index itself ask for the fixture `search_index`
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405  # from the settings
    # A file, not memory: a database in memory is one connection for all threads, and SQLite calls back into Python
    # while holding that connection's lock, so that a live server and its test could wait for each other for ever.
    DATABASES["default"]["TEST"] = {"NAME": os.path.join(DATA, "test.sqlite3")}  # noqa: F405
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"  # noqa: F405
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1", "[::1]"]
WHITENOISE_AUTOREFRESH = True  # nothing is scanned when a test client starts
REST_FRAMEWORK = {**REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": {"anon": None, "user": None}}  # noqa: F405  # from the settings
