"""The product's settings, and Django's own admin over the table of groups beside its pages."""

from prg_admin.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.admin_urls"
