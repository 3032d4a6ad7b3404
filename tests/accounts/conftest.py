"""The web process of the live pages, for signing in and sessions in a browser."""

from tests.live.conftest import reader, web, web_process

__all__ = ["reader", "web", "web_process"]
