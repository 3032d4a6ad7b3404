"""The web process of the live pages, for the pages of events in a browser."""

from tests.live.conftest import web, web_process

__all__ = ["web", "web_process"]
