from __future__ import annotations

from django.db.models import QuerySet

from prg_admin.notify.models import Channel


def failing_channels() -> QuerySet[Channel]:
    """Enabled channels that did not take what was last sent to them."""
    failing = Channel.objects.filter(is_enabled=True).exclude(failing_since_at=None)
    return failing.defer("target")
