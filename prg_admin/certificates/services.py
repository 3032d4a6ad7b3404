"""Certificates are written here, after the engine has committed what they are about.

The engine only sends the name of a group. What it did stands in its events, so a message that is
lost, late or doubled loses nothing but time: ``gather`` finds the same by looking.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q

from prg_admin.certificates.models import Certificate, Gathering
from prg_admin.certificates.packing import counted, pack, unpack
from prg_admin.certificates.rolls import due_nodes, rolls_after, rolls_before, rolls_take
from prg_admin.certificates.summary import proof_document, reported, sessions_document
from prg_admin.domain import movements
from prg_admin.domain.catalogue import RE_LOGIN_UPPER, SRM
from prg_admin.domain.movements import Way
from prg_admin.live.news import announce
from prg_admin.parameters.selectors import parameter_values
from prg_admin.recovery.models import Event
from prg_admin.topology.models import Node
from prg_admin.users.models import PresenceUser

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]

LATELY = timedelta(hours=1)
"""An event that nobody looked at for so long gets no certificate any more."""
OVERLAP = timedelta(minutes=2)
"""Events of one moment are committed one after the other."""
LEASE = timedelta(seconds=60)
"""Of who gathers; longer than all that is waited for."""
GRACE = timedelta(seconds=60)
"""After the last client should have logged in again."""


def movements_note(*, group_id: int, clock: Clock) -> list[int]:
    """Notes what began and what ended; the keys of certificates whose movement has ended."""
    ended = []
    for event in _unnoted(group_id, clock()):
        if movements.begins(event.before, event.after):
            _begin(event, clock)
        if movements.ends(event.before, event.after):
            ended += _end(event, clock)
    return ended


def _unnoted(group_id: int, now: datetime) -> list[Event]:
    last = Certificate.objects.filter(group_id=group_id).select_related("begun", "ended")
    newest = last.order_by("-begun__version").first()
    events = Event.objects.filter(group_id=group_id, at__gte=now - LATELY).defer("recording")
    if newest is not None:
        events = events.filter(version__gt=(newest.ended or newest.begun).version)
    return list(events.order_by("version"))


def _begin(event: Event, clock: Clock) -> None:
    names = [node["node"] for node in event.before]
    if Certificate.objects.filter(begun=event).exists():
        return
    homes = homes_of(names)
    values = {
        "group_id": event.group_id,
        "group_name": event.group_name,
        "before_at": clock(),
        "homes_before": pack(homes),
        "rolls_before": pack(rolls_before(names, event.at)),
    }
    try:
        with transaction.atomic():
            Certificate.objects.create(begun=event, **values)
    except IntegrityError:
        logger.info("event %s is noted by another worker", event.pk)


def _end(event: Event, clock: Clock) -> list[int]:
    unended = Certificate.objects.filter(group_id=event.group_id, ended=None)
    found = unended.filter(begun__version__lte=event.version).select_related("begun")
    certificate = found.order_by("-begun__version").first()
    if certificate is None:
        return []
    begun = certificate.begun
    way = movements.way_of(movements.servers(begun.before), movements.servers(event.after))
    changes: dict[str, object] = {"ended": event, "way": way.value}
    if way is Way.NOWHERE:
        empty = {"homes_before": b"", "rolls_before": b"", "settled_at": clock()}
        unended.filter(pk=certificate.pk).update(**changes, **empty)
        return []
    homes, at = homes_of(node["node"] for node in begun.before), clock()
    proof = movements.prove(unpack(certificate.homes_before), homes)
    changes |= {"homes_after": pack(homes), "after_at": at, "rolls_after": pack({})}
    changes["summary"] = {
        "proof": proof_document(proof, is_late=certificate.before_at > event.at),
        "reported": [reported(begun), reported(event)],
        "sessions": None,
    }
    written = unended.filter(pk=certificate.pk).update(**changes)
    return [certificate.pk] if written else []


def homes_of(names: Iterable[str]) -> dict[str, list[str]]:
    """User IDs by home node, as one statement sees them; by code point, as digests are made."""
    homes: dict[str, list[str]] = {name: [] for name in names}
    users = PresenceUser.objects.filter(home__name__in=list(homes)).order_by()
    for name, userid in users.values_list("home__name", "userid").iterator(chunk_size=5000):
        homes[str(name)].append(userid)
    return {name: sorted(of) for name, of in homes.items()}


def gather(*, clock: Clock) -> bool:
    """What no message told, the nodes whose turn it is, and sessions that come back.

    False: another worker is about it.
    """
    now = clock()
    Gathering.objects.get_or_create(pk=1, defaults={"upto_at": now - LATELY})
    free = Q(leased_until_at=None) | Q(leased_until_at__lt=now)
    if not Gathering.objects.filter(free, pk=1).update(leased_until_at=now + LEASE):
        return False
    _note_lately(clock)
    _look_at_sessions(clock)
    Gathering.objects.filter(pk=1).update(upto_at=now, leased_until_at=None)
    return True


def _note_lately(clock: Clock) -> None:
    since = Gathering.objects.get(pk=1).upto_at - OVERLAP
    lately = Event.objects.filter(at__gt=since, group__isnull=False)
    for group_id in lately.order_by().values_list("group_id", flat=True).distinct():
        movements_note(group_id=group_id, clock=clock)


def _look_at_sessions(clock: Clock) -> None:
    unsettled = Certificate.objects.filter(ended__isnull=False, settled_at=None)
    found = list(unsettled.select_related("begun", "ended"))
    names = {node["node"] for one in found for node in one.begun.before}
    answering = Node.objects.filter(name__in=names, last_report__reachable=True)
    nodes = {node.pk: node for node in (*due_nodes(now=clock()), *answering)}
    rolls_take(list(nodes.values()), clock=clock)
    for certificate in found:
        _refresh(certificate, clock())


def _refresh(certificate: Certificate, now: datetime) -> None:
    begun, ended = certificate.begun, certificate.ended
    if ended is None or certificate.summary is None:
        return
    names = [node["node"] for node in begun.before]
    # What a later movement brought about is none of this one's business.
    later = Certificate.objects.filter(group=certificate.group, begun__version__gt=begun.version)
    if later.exists():
        Certificate.objects.filter(pk=certificate.pk).update(settled_at=now)
        return
    rolls = rolls_after(names, ended.at)
    sessions = movements.compare_sessions(rows_of(certificate, rolls), counted(rolls))
    is_over = sessions.are_all_back or now > ended.at + _relogin(names) + GRACE
    Certificate.objects.filter(pk=certificate.pk, settled_at=None).update(
        rolls_after=pack(rolls),
        rolls_at=now,
        summary={**certificate.summary, "sessions": sessions_document(sessions)},
        settled_at=now if is_over else None,
    )
    announce(f"group-{certificate.group_id}")


def rows_of(
    certificate: Certificate, rolls: dict[str, dict[str, object]] | None = None
) -> Iterator[movements.Moved]:
    """Everybody; of an ended movement. Reads no database."""
    after = unpack(certificate.rolls_after) if rolls is None else rolls
    ended = certificate.ended or certificate.begun
    return movements.moved(
        (unpack(certificate.homes_before), unpack(certificate.homes_after)),
        (movements.servers(certificate.begun.before), movements.servers(ended.after)),
        (counted(unpack(certificate.rolls_before)), counted(after)),
    )


def _relogin(names: list[str]) -> timedelta:
    """Within which clients log in again."""
    nodes = Node.objects.filter(Q(name__in=names))
    limits = [int(parameter_values(n.cluster_id, SRM, n.pk)[RE_LOGIN_UPPER]) for n in nodes]
    return timedelta(seconds=max(limits, default=0))
