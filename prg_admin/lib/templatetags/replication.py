"""How a node's own database stands, for the pages."""

from __future__ import annotations

from typing import Protocol

from django import template
from django.utils.safestring import SafeString

from prg_admin.domain.replication import Cause, Replication, read_detail
from prg_admin.domain.wire import Report
from prg_admin.lib import replication as words
from prg_admin.lib.templatetags.labels import badge

register = template.Library()


class Heard(Protocol):
    """A node with its last report; ``topology.selectors.NodeStatus`` is one."""

    @property
    def report(self) -> Report | None: ...
    @property
    def reachable(self) -> bool: ...
    @property
    def silence_s(self) -> float | None: ...


@register.simple_tag
def database_badge(status: Heard) -> SafeString:
    database = status.report.database if status.report else None
    if database is None:
        return badge(words.NOT_MONITORED, "not-monitored")
    if database.answers:
        return badge(words.ANSWERS, "answers")
    return badge(words.NO_ANSWER, "no-answer")


@register.simple_tag
def replication_badge(value: int | None) -> SafeString:
    """With its number, by which the documentation calls it."""
    if value is None:
        return badge(words.NOT_KNOWN, "unknown")
    return badge(words.VALUES[Replication(value)], str(value))


@register.filter
def database_down_s(status: Heard) -> float | None:
    """Seconds without an answer, counted on from the report; None while it answers."""
    database = status.report.database if status.report else None
    if database is None or database.down_s is None:
        return None
    return database.down_s + (0.0 if status.reachable else status.silence_s or 0.0)


@register.filter
def replication_text(detail: str) -> str:
    return words.cause_text(*read_detail(detail))


@register.filter
def database_error(detail: str) -> str:
    """The server's own words, behind the cause."""
    cause, about = read_detail(detail)
    return about if cause is Cause.NO_ANSWER else detail
