"""All settings, read from MESHPORTAL_* variables through env.py; docs/settings.md lists each."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from meshportal import content_policy, database, email, env, identity, keys, logs, proxies, valkey

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = env.path("MESHPORTAL_DATA_DIR", BASE_DIR / ".mesh")

DEBUG = env.boolean("MESHPORTAL_DEBUG", False)
SECRET_KEY, *SECRET_KEY_FALLBACKS = keys.signing_keys(DATA_DIR)
ENCRYPTION_KEYS = keys.encryption_keys(DATA_DIR)
DEMO = keys.is_demo(DATA_DIR)
INSTALLATION_ID = keys.installation_id(DATA_DIR)

# Where people reach the portal. An https address switches secure cookies and HSTS on.
PUBLIC_URL = env.origin("MESHPORTAL_PUBLIC_URL")
ALLOWED_HOSTS = env.words("MESHPORTAL_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
if PUBLIC_URL:
    ALLOWED_HOSTS.append(env.host_of(PUBLIC_URL))
PROXY_COUNT = env.integer("MESHPORTAL_PROXY_COUNT", 0, minimum=0)  # trusted proxies in front of the portal
TRUSTED_PROXIES = env.networks("MESHPORTAL_TRUSTED_PROXIES")  # or where their connections come from

INSTALLED_APPS = [
    "meshportal.apps.PortalConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "axes",
    "csp",
    "simple_history",
    "treebeard",
    "catalog",
    "lineage",
]

MIDDLEWARE = [
    "meshportal.proxies.ForwardedMiddleware",
    "meshportal.middleware.RequestIdMiddleware",
    "meshportal.metrics.MeasuringMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "meshportal.middleware.RefuseBrokenTextMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "meshportal.middleware.TimeZoneMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "catalog.accounts.middleware.SignedInMiddleware",
    "meshportal.second_factor.SecondFactorMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
    "meshportal.middleware.PortalErrorMiddleware",
]

ROOT_URLCONF = "meshportal.urls"
WSGI_APPLICATION = "meshportal.wsgi.application"
APPEND_SLASH = True

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
    {  # parts that pages draw many times over: catalog.common.fragments
        "NAME": "fragments",
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {"environment": "catalog.templatetags.fragment_tools.environment"},
    },
]

# --- where things are kept

DATABASES = {"default": database.configuration(DATA_DIR)}
if REPLICA := database.replica(DATABASES["default"]):  # reads of safe requests: meshportal/replica.py
    DATABASES["replica"] = REPLICA
    DATABASE_ROUTERS = ["meshportal.replica.ReplicaRouter"]
    MIDDLEWARE.append("meshportal.replica.ReadReplicaMiddleware")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("MESHPORTAL_REDIS_URL", "") or valkey.address(DATA_DIR)
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "meshportal.cache.PortalCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "meshportal-cache",
        "TIMEOUT": 300,
    }
}

REMEMBER_SECONDS = env.integer("MESHPORTAL_REMEMBER_SECONDS", 60)  # hot reads; 0: each is computed anew

STATIC_URL = "/static/"
STATICFILES_DIRS = [path for path in [BASE_DIR / "static"] if path.is_dir()]
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "meshportal.staticfiles.PortalStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = not (STATIC_ROOT / "staticfiles.json").is_file()
MEDIA_ROOT = DATA_DIR / "media"
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700

# --- people and their sessions

AUTH_USER_MODEL = "catalog.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "CommonPasswordValidator", "NumericPasswordValidator")
] + [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    }
]
BIND_HOST = env.text("MESHPORTAL_BIND_HOST", "")  # the address the server listens on, as its starter says
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "accounts:login"

# Other ways to prove who one is: catalog/identity and docs/identity.md.
OIDC = identity.configuration()
PASSWORD_LOGIN = env.boolean("MESHPORTAL_PASSWORD_LOGIN", True)
BREAK_GLASS = [
    name.casefold() for name in env.words("MESHPORTAL_BREAK_GLASS")
]  # keep their password for need
SECOND_FACTOR = env.choice(
    "MESHPORTAL_SECOND_FACTOR", "optional", ("optional", "administrators", "everybody")
)  # of whom one is required

SESSION_ENGINE = "catalog.accounts.sessions"
SESSION_COOKIE_AGE = env.integer("MESHPORTAL_SESSION_HOURS", 24 * 14, minimum=1) * 3600
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

AXES_FAILURE_LIMIT = env.integer("MESHPORTAL_LOGIN_ATTEMPTS", 8, minimum=1)
AXES_COOLOFF_TIME = timedelta(minutes=env.integer("MESHPORTAL_LOGIN_LOCKOUT_MINUTES", 15, minimum=1))
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]  # a stranger elsewhere cannot lock a person out
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_USERNAME_CALLABLE = "catalog.accounts.lockout.attempted_username"
AXES_LOCKOUT_CALLABLE = "catalog.accounts.views.login.locked_out"
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # trying on does not make the wait longer
AXES_DISABLE_ACCESS_LOG = True  # who signed in when is in the audit trail
AXES_CLIENT_IP_CALLABLE = "meshportal.proxies.client_address"

# --- safety of pages

SECURE = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = env.integer("MESHPORTAL_HSTS_DAYS", 30, minimum=0) * 24 * 3600 if SECURE else 0
SECURE_PROXY_SSL_HEADER = (proxies.SCHEME, "https")  # written by ForwardedMiddleware alone
SECURE_REFERRER_POLICY = "same-origin"
SILENCED_SYSTEM_CHECKS = [
    # of Django, about TLS: meshportal.W002 and W011 say what to do here
    *(f"security.W{number:03}" for number in (4, 5, 8, 9, 12, 16, 18, 20, 21)),
    "drf_spectacular.W001",  # a test reads what the schema says of itself
    "drf_spectacular.W002",
]
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []
CSRF_FAILURE_VIEW = "meshportal.errors.csrf_failure"

CONTENT_SECURITY_POLICY = content_policy.POLICY

DATA_UPLOAD_MAX_MEMORY_SIZE = env.integer("MESHPORTAL_MAX_UPLOAD_BYTES", 10_000_000, minimum=10_000)
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000

# --- language and time

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

# --- contracts

NOTICE_DAYS = env.integer("MESHPORTAL_NOTICE_DAYS", 30, minimum=0)  # where a contract states no notice period

# --- connections

# What connections may reach: see docs/connections.md.
FILE_ROOTS = env.words("MESHPORTAL_FILE_ROOTS", str(DATA_DIR / "demo") if DEMO else "")
ALLOWED_PRIVATE_HOSTS = env.words(
    "MESHPORTAL_ALLOWED_PRIVATE_HOSTS", "localhost,127.0.0.1,[::1]" if DEMO else ""
)
ALLOWED_PORTS = env.words("MESHPORTAL_ALLOWED_PORTS", "80,443,3306,8080,8443,5432,5433,6432")

# --- REST API

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "catalog.accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "catalog.accounts.authentication.TokenScope",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["meshportal.api.parsers.StrictJSONParser"],
    "DEFAULT_FILTER_BACKENDS": [
        "django_filters.rest_framework.DjangoFilterBackend",
        "catalog.common.api.SortFilter",
    ],
    "DEFAULT_PAGINATION_CLASS": "catalog.common.api.PortalPagination",
    "PAGE_SIZE": 25,
    "ORDERING_PARAM": "sort",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "meshportal.api.errors.handle",
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.UserRateThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "anon": env.text("MESHPORTAL_API_RATE_ANONYMOUS", "60/min"),
        "user": env.text("MESHPORTAL_API_RATE_USER", "1200/min"),
    },
    "NUM_PROXIES": 0,  # REMOTE_ADDR is the client's already
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Mesh portal API",
    "DESCRIPTION": "Everything the pages do, for machines. Errors are RFC 9457 problem documents.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "COMPONENT_SPLIT_REQUEST": True,
    "DISABLE_ERRORS_AND_WARNINGS": True,  # a test reads them; the server's log is not the place
    "ENUM_NAME_OVERRIDES": {
        "LifecycleEnum": "catalog.products.models.Lifecycle.choices",
        "RoleEnum": "catalog.accounts.models.Role.choices",
    },
}

# --- crawling
CRAWL_SECONDS = env.integer("MESHPORTAL_CRAWL_SECONDS", 300, minimum=1)  # per run
CRAWL_MEBIBYTES = env.integer("MESHPORTAL_CRAWL_MEBIBYTES", 256, minimum=1)  # read of one asset
CRAWL_ROWS = env.integer("MESHPORTAL_CRAWL_ROWS", 10_000, minimum=100)  # looked at per asset for profiles
CRAWL_ASSETS = env.integer("MESHPORTAL_CRAWL_ASSETS", 5_000, minimum=1)  # listed per connection
CRAWL_THREADS = env.integer("MESHPORTAL_CRAWL_THREADS", 8, minimum=1)  # sources at a time per worker process
CRAWL_GRACE_SECONDS = env.integer(
    "MESHPORTAL_CRAWL_GRACE_SECONDS", 30, minimum=1
)  # then a hung driver is given up
CRAWL_APART_MEBIBYTES = env.integer("MESHPORTAL_CRAWL_APART_MEBIBYTES", 1024, minimum=256)  # of one run alone
CRAWL_BEAT_SECONDS = env.integer("MESHPORTAL_CRAWL_BEAT_SECONDS", 5, minimum=1)  # between signs of life
CRAWL_STALE_SECONDS = env.integer(
    "MESHPORTAL_CRAWL_STALE_SECONDS", 60, minimum=2
)  # without one: worker is gone

# --- SLOs
SLO_RAW_DAYS = env.integer(
    "MESHPORTAL_SLO_RAW_DAYS", 35, minimum=4
)  # raw measurements; also how late one may come
SLO_DAY_DAYS = env.integer("MESHPORTAL_SLO_DAY_DAYS", 760, minimum=400)  # days of the roll-ups

# --- incidents

PUBLIC_STATUS = env.boolean("MESHPORTAL_PUBLIC_STATUS", False)  # products may show their status to anybody
INCIDENT_REOPEN_HOURS = env.integer(
    "MESHPORTAL_INCIDENT_REOPEN_HOURS", 24, minimum=0
)  # trouble that comes back within them is the same incident

# --- quality checks

QUALITY_RESULT_DAYS = env.integer(
    "MESHPORTAL_QUALITY_RESULT_DAYS", 400, minimum=30
)  # results of checks; also how late one may come

# --- lineage

LINEAGE_MOST_WAITING = env.integer(
    "MESHPORTAL_LINEAGE_MOST_WAITING", 100_000, minimum=100
)  # events not read yet; with more, senders are asked to come back later

# --- search

SEARCH_BACKEND = env.text("MESHPORTAL_SEARCH_BACKEND", "whoosh")  # a name of catalog.search.backends
SEARCH_INDEX_DIR = env.path("MESHPORTAL_SEARCH_INDEX_DIR", DATA_DIR / "index")
SEARCH_MEMORY_MEBIBYTES = env.integer("MESHPORTAL_SEARCH_MEMORY_MEBIBYTES", 64, minimum=8)  # per process

# --- the portal's own figures, and how long rows are kept (days; 0 keeps them for ever)

METRICS_NETWORKS = env.networks("MESHPORTAL_METRICS_NETWORKS")  # may read /metrics without signing in
EDGE_FADING_DAYS = env.integer("MESHPORTAL_EDGE_FADING_DAYS", 30, minimum=1)  # not seen for so long
RETAIN_RUNS_DAYS = env.integer("MESHPORTAL_RETAIN_RUNS_DAYS", 90, minimum=0)
RETAIN_READINGS_DAYS = env.integer("MESHPORTAL_RETAIN_READINGS_DAYS", 730, minimum=0)
RETAIN_PROFILES_DAYS = env.integer("MESHPORTAL_RETAIN_PROFILES_DAYS", 90, minimum=0)  # of vanished assets
RETAIN_LINKS_DAYS = env.integer("MESHPORTAL_RETAIN_LINKS_DAYS", 90, minimum=0)
RETAIN_NOTICES_DAYS = env.integer("MESHPORTAL_RETAIN_NOTICES_DAYS", 180, minimum=0)
RETAIN_EVENTS_DAYS = env.integer("MESHPORTAL_RETAIN_EVENTS_DAYS", 90, minimum=0)
RETAIN_LINEAGE_EVENTS_DAYS = env.integer("MESHPORTAL_RETAIN_LINEAGE_EVENTS_DAYS", 90, minimum=0)
RETAIN_LINEAGE_RUNS_DAYS = env.integer("MESHPORTAL_RETAIN_LINEAGE_RUNS_DAYS", 400, minimum=0)
RETAIN_MARKS_DAYS = env.integer("MESHPORTAL_RETAIN_MARKS_DAYS", 14, minimum=0)
RETAIN_HISTORY_DAYS = env.integer("MESHPORTAL_RETAIN_HISTORY_DAYS", 0, minimum=0)
RETAIN_AUDIT_DAYS = env.integer("MESHPORTAL_RETAIN_AUDIT_DAYS", 0, minimum=0)

# --- background work (meshportal/celery.py reads what begins with CELERY_)

WORKER_MEBIBYTES = env.integer(
    "MESHPORTAL_WORKER_MEBIBYTES", 2048, minimum=0
)  # it ends itself beyond; 0: never
CELERY_BROKER_URL = valkey.broker_address(REDIS_URL)
CELERY_TASK_IGNORE_RESULT = True  # rows in the database are the result
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SOFT_TIME_LIMIT = 900
CELERY_TASK_TIME_LIMIT = 960
CELERY_TASK_PUBLISH_RETRY = False  # a lost message is only a lost doorbell: beat finds the row
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 1800,  # longer than any task may run; a dead worker's message comes back then
    "unacked_restore_interval": 10,  # seconds between looks for such messages …
    "unacked_restore_throttle": 1,  # … each of them a real one: by default only every tenth is
    "global_keyprefix": "meshportal-jobs:",
    "socket_connect_timeout": 2,
    # Whoever rings waits a moment for a broker that is away, not the 6 s it would by default: beat rings too.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
}
CELERY_BEAT_SCHEDULER = "meshportal.beat:SteadyScheduler"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
CELERY_TIMEZONE = "UTC"

# --- notifications and e-mail: nothing is sent unless a server is named

DIGEST_HOUR = env.integer("MESHPORTAL_DIGEST_HOUR", 7, minimum=0, maximum=23)  # of everybody's own day

EMAIL = email.configuration()
EMAIL_BACKEND = EMAIL.backend
EMAIL_HOST, EMAIL_PORT = EMAIL.host, EMAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = EMAIL.user, EMAIL.password
EMAIL_USE_TLS, EMAIL_USE_SSL = EMAIL.starts_tls, EMAIL.is_tls
EMAIL_TIMEOUT = env.integer("MESHPORTAL_EMAIL_SECONDS", 20, minimum=1)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = EMAIL.sender

# --- logs: one line an event on standard error, with what it belongs to, without secrets

LOG_LEVEL = env.choice("MESHPORTAL_LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"))
LOG_FORMAT = env.choice("MESHPORTAL_LOG_FORMAT", "line", logs.FORMATS)
LOG_REQUESTS = env.boolean("MESHPORTAL_LOG_REQUESTS", False)
LOGGING: dict[str, Any] = logs.configuration(
    LOG_LEVEL,
    LOG_FORMAT,
    known=(
        *(SECRET_KEY, *SECRET_KEY_FALLBACKS, *ENCRYPTION_KEYS),
        *(str(DATABASES["default"].get("PASSWORD") or ""), urlsplit(REDIS_URL).password or ""),
        *(EMAIL.password, OIDC.client_secret),
    ),
)
