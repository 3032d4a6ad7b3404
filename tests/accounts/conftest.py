"""The web process of the live pages, for signing in and sessions in a browser."""

from tests.live.conftest import web, web_process

__all__ = ["web", "web_process"]
