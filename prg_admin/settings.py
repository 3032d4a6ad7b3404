"""Settings of every process; the environment and the running installation's own file decide.

Read in this order: environment variable, ``PRG_VAR_DIR/installation.json`` (written by
``make run``), default. ``DATABASE_URL``, ``REDIS_URL`` and ``SECRET_KEY`` have no default.
"""

from __future__ import annotations

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from prg_admin.lib import env

BASE_DIR = env.BASE_DIR
VAR_DIR = env.var_dir()
INSTALLATION = env.read_installation()


def _required(name: str) -> str:
    value = env.text(name, str(INSTALLATION.get(name.lower(), "")))
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set, and there is no running installation in {VAR_DIR}. "
            "Start one with 'make run', or set the variable."
        )
    return value


DEBUG = env.flag("DEBUG")
SECRET_KEY = _required("SECRET_KEY")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS", "")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_htmx",
    "template_partials",
    "prg_admin.lib",
    "prg_admin.accounts",
    "prg_admin.audit",
    "prg_admin.live",
    "prg_admin.notify",
    "prg_admin.jobs",
    "prg_admin.topology",
    "prg_admin.parameters",
    "prg_admin.groups",
    "prg_admin.users",
    "prg_admin.recovery",
    "prg_admin.certificates",
    "prg_admin.console",
    "prg_admin.cli",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "prg_admin.accounts.middleware.IdleMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "prg_admin.lib.zones.TimeZoneMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "prg_admin.urls"
ASGI_APPLICATION = "prg_admin.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "prg_admin.accounts.context.may",
                "prg_admin.accounts.context.idle",
            ],
            "builtins": ["prg_admin.lib.templatetags.quick"],
            "libraries": {
                "i18n": "prg_admin.lib.templatetags.quick",
                "static": "prg_admin.lib.templatetags.quick",
            },
        },
    },
]
FORM_RENDERER = "prg_admin.lib.widgets.Renderer"
# "i18n" and "static" name two libraries each; the later one stands for both, as is meant.
SILENCED_SYSTEM_CHECKS = ["templates.W003"]

# A connection keeps the plans of the statements of lib.statements (0: from the first time on), and
# of no others: Django's own are sent with their values inside. For a list of names it would else
# make a new plan each time, because it takes a list to be longer than ours are.
KEPT_PLANS = {"prepare_threshold": 0, "options": "-c plan_cache_mode=force_generic_plan"}

DATABASES = {
    "default": {
        **dj_database_url.parse(_required("DATABASE_URL")),
        # Under ASGI each thread would keep a connection of its own; the pool bounds them.
        "CONN_MAX_AGE": 0,
        "OPTIONS": {
            "pool": {"min_size": 1, "max_size": 10, "timeout": 10},
            **(KEPT_PLANS if env.flag("DATABASE_PREPARES", default=True) else {}),
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = _required("REDIS_URL")
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# A killed worker's tasks come back after the visibility timeout. Every task is safe to run twice.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 60,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
}
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {"recovery.*": {"queue": "recovery"}}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    # The tick only asks "who is due?"; a lost or doubled one is harmless.
    "sweep": {"task": "recovery.sweep", "schedule": 1.0, "options": {"expires": 2}},
    "sample": {"task": "recovery.sample", "schedule": 60.0, "options": {"expires": 30}},
    "prune": {"task": "recovery.prune", "schedule": 3600.0, "options": {"expires": 3000}},
    "prune-audit": {"task": "audit.prune", "schedule": 3600.0, "options": {"expires": 3000}},
    "prune-accounts": {"task": "accounts.prune", "schedule": 3600.0, "options": {"expires": 3000}},
    # The engine judges what it did since.
    "check": {"task": "recovery.check", "schedule": 10.0, "options": {"expires": 20}},
    # Who is logged in where, and what came of recoveries that nobody told the chores of.
    "gather": {"task": "certificates.gather", "schedule": 10.0, "options": {"expires": 10}},
    # What could not be sent is tried again.
    "deliver": {"task": "notify.deliver", "schedule": 5.0, "options": {"expires": 10}},
    # Long work whose worker was killed goes on where it was.
    "sweep-jobs": {"task": "jobs.sweep", "schedule": 5.0, "options": {"expires": 10}},
    # Users who wait for a home, and directories that are due; the database decides.
    "assign-queued": {"task": "users.assign_queued", "schedule": 15.0, "options": {"expires": 30}},
    "sync-directories": {
        "task": "users.sync_directories",
        "schedule": 20.0,
        "options": {"expires": 40},
    },
    "prune-jobs": {"task": "jobs.prune", "schedule": 3600.0, "options": {"expires": 3000}},
    "prune-alarms": {"task": "notify.prune", "schedule": 3600.0, "options": {"expires": 3000}},
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
AUTHENTICATION_BACKENDS = ["prg_admin.accounts.backends.LockingBackend"]
AUTH_USER_MODEL = "accounts.User"
LOCKOUT_FAILURES = env.whole("LOCKOUT_FAILURES", 5, least=1)
"""Wrong passwords from one address until a name is locked there."""
LOCKOUT_MINUTES = env.whole("LOCKOUT_MINUTES", 15, least=1)
"""How long it stays locked after the last of them."""
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "console:home"
LOGOUT_REDIRECT_URL = "accounts:login"
SESSION_ENGINE = "prg_admin.accounts.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 60 * env.whole("SESSION_IDLE_MINUTES", 30, least=1)
"""Seconds without anything done after which a person is signed out; see ``accounts.idle``."""
SESSION_COOKIE_NAME = f"prg_session_{INSTALLATION.get('port', '')}".rstrip("_")
CSRF_COOKIE_NAME = f"prg_csrf_{INSTALLATION.get('port', '')}".rstrip("_")

# How long the past is kept.
AUDIT_KEEP_DAYS = env.whole("AUDIT_KEEP_DAYS", 400, least=90)
"""Days an entry of the audit log stays. The database refuses to delete what is younger than 90."""
EVENTS_KEEP_DAYS = env.whole("EVENTS_KEEP_DAYS", 400, least=1)
"""Days an event of a group stays, with what explains it."""
ROUND_TRIPS_KEEP_HOURS = env.whole("ROUND_TRIPS_KEEP_HOURS", 48, least=1)
"""Hours the round-trip times of heartbeats stay; one row per node and minute."""

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ja", _("Japanese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "prg_admin.lib.formats"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

EMAIL_HOST = env.text("EMAIL_HOST", "localhost")
EMAIL_PORT = env.whole("EMAIL_PORT", 25, least=1)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", "prg-admin@localhost")

LDAP_CA_FILE = env.text("LDAP_CA_FILE")
"""Certificate authorities (PEM) of directories at ldaps://; empty: those the system trusts."""

NODES_DIR = VAR_DIR / "nodes"
"""Where the demo's node files, keys and certificates lie."""
PKI_DIR = VAR_DIR / "pki"
"""The installation's certificate authority and the engine's own certificate."""

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.text("LOG_LEVEL", "INFO")},
}
