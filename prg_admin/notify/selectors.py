from __future__ import annotations

from prg_admin.notify.models import Channel


def failing_channels() -> list[Channel]:
    """Enabled channels that did not take what was last sent to them."""
    failing = Channel.objects.filter(is_enabled=True).exclude(failing_since_at=None)
    return list(failing.defer("target")[:5])
