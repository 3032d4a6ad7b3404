"""What was staged a moment ago is compared by hashing, not each with each."""

from __future__ import annotations

import pytest
from django.db import connection
from django.utils.timezone import now

from prg_admin.users import staging
from prg_admin.users.directory_sync import GONE, directory_merge
from prg_admin.users.lines import Line
from prg_admin.users.models import PresenceUser, UserImport
from prg_admin.users.queue import SYNC_AGENT
from tests.factories import create_directory
from tests.users.cluster import create_town

pytestmark = pytest.mark.django_db

MANY = 5_000


@pytest.fixture
def staged(db) -> UserImport:
    """As many lines as there are users of the directory, and all the same."""
    town = create_town(ha=(False, False))
    directory = create_directory(town.cluster)
    town.add_many(MANY)
    PresenceUser.objects.update(directory=directory)
    staged = UserImport.objects.create(
        cluster=town.cluster, directory=directory, file_name="ldap://", created_at=now()
    )
    users = PresenceUser.objects.order_by("pk").values_list("userid", "display_name")
    staging.stage(staged, [Line(n, who, name, True) for n, (who, name) in enumerate(users)])
    return staged


def plan(staged: UserImport) -> str:
    key = [staged.cluster_id, staged.directory_id, staged.pk]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN SELECT count(*) {GONE}", key)
        return "\n".join(line for (line,) in cursor.fetchall())


def test_who_is_gone_is_found_by_hashing(staged: UserImport):
    """Nested loops over 75,000 users took many minutes."""
    staging.counted()
    assert "Hash" in plan(staged)
    assert "Nested Loop" not in plan(staged)


def test_the_merge_lets_the_database_count_first(staged: UserImport, monkeypatch):
    asked = []
    counted = staging.counted
    monkeypatch.setattr(staging, "counted", lambda: asked.append(plan(staged)) or counted())
    outcome = directory_merge(staged=staged, may_remove=0, actor=SYNC_AGENT)
    assert len(asked) == 1
    assert (outcome.known, outcome.gone, outcome.merged.changed) == (MANY, 0, 0)
