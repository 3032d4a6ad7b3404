"""The way out: alarms are sent, each attempt within one total deadline."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from typing import Any

import aiohttp
from django.conf import settings
from django.core.mail import send_mail
from django.utils.translation import override

from prg_admin.notify.models import Channel, Delivery
from prg_admin.notify.sentences import alarm_text

DEADLINE_S = 10.0


def send_all(deliveries: list[Delivery]) -> list[str]:
    """One error, or an empty text, for each; a channel that hangs keeps none of the others."""
    return asyncio.run(_send_all(deliveries))


async def _send_all(deliveries: list[Delivery]) -> list[str]:
    async with aiohttp.ClientSession() as http:
        return list(await asyncio.gather(*(_send(d, http) for d in deliveries)))


async def _send(delivery: Delivery, http: aiohttp.ClientSession) -> str:
    try:
        async with asyncio.timeout(DEADLINE_S):
            if delivery.channel.kind == Channel.Kind.WEBHOOK:
                return await _post(delivery, http)
            await asyncio.to_thread(_mail, delivery)
            return ""
    except (aiohttp.ClientError, smtplib.SMTPException, OSError, ValueError) as error:
        return cause(error)


async def _post(delivery: Delivery, http: aiohttp.ClientSession) -> str:
    async with http.post(
        delivery.channel.target,
        json=document(delivery),
        headers={"Idempotency-Key": str(delivery.pk)},
        allow_redirects=False,
    ) as answer:
        taken = answer.status // 100 == 2  # noqa: PLR2004 - a redirection is no answer either
        return "" if taken else f"status {answer.status}"


def _mail(delivery: Delivery) -> None:
    text = document(delivery)
    # Its own time-out ends the thread that the deadline has left behind.
    send_mail(
        f"[PRG Admin] {delivery.alarm.name}",
        f"{text['text']}\n\n{text['at']}\n",
        settings.DEFAULT_FROM_EMAIL,
        [delivery.channel.target],
    )


def document(delivery: Delivery) -> dict[str, Any]:
    alarm = delivery.alarm
    with override(delivery.channel.language):
        text = alarm_text(alarm)
    return {
        "alarm": alarm.name,
        "severity": alarm.severity,
        "at": alarm.at.isoformat(),
        "key": alarm.key,
        "parameters": alarm.parameters,
        "text": text,
    }


def cause(error: Exception) -> str:
    """A short cause without the target, which may be a secret."""
    if isinstance(error, TimeoutError):
        return "timeout"
    os_error = getattr(error, "os_error", error)
    if isinstance(os_error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, (aiohttp.ClientSSLError, ssl.SSLError)):
        return "tls"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "disconnected"
    return "unreachable" if isinstance(error, OSError) else type(error).__name__[:64]
