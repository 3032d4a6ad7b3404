"""Every value of replication, reached for real; a database that is away, hangs, comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from prg_admin.agent import comparison
from tests.agent.databases import Server, Watched, watching
from tests.agent.lab import stays, until

MANY_CHANGES = """
do $$ begin
  for i in 1..400 loop
    insert into presence_user values ('many' || i, 'imp1');
    commit;
    perform pg_sleep(0.005);
    delete from presence_user where userid = 'many' || i;
    commit;
  end loop;
end $$
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def always_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "COMPARE_EVERY_S", 0.0)
    monkeypatch.setattr(comparison, "REST_FACTOR", 0.0)
    monkeypatch.setattr(comparison, "CATCH_UP_S", 0.3)


@pytest.fixture
async def subscriber(server: Server, tmp_path: Path) -> AsyncIterator[Watched]:
    access = server.make()
    async with watching(Watched("imp2", access["imp2"], tmp_path)) as watched:
        await watched.becomes(2, "equal")
        yield watched


@pytest.fixture
async def publisher(server: Server, tmp_path: Path) -> AsyncIterator[Watched]:
    access = server.make()
    async with watching(Watched("imp1", access["imp1"], tmp_path)) as watched:
        await watched.becomes(2, "publishes: 2")
        yield watched


async def test_all_is_well(server: Server, subscriber: Watched):
    rows = server.at("imp2", "select userid, home from presence_user order by 1")
    assert rows == [("alice", "imp1"), ("bob", "imp2")]
    report = subscriber.database.report()
    assert (report.answers, report.down_s) == (True, None)
    await until(lambda: subscriber.database.report().lag_bytes == 0)


async def test_a_subscription_that_is_stopped_is_incomplete(server: Server, subscriber: Watched):
    server.subscription("disable")
    await subscriber.becomes(1, "disabled")
    server.subscription("enable")
    await subscriber.becomes(2)


async def test_a_node_that_was_never_set_up_is_initializing(server: Server, tmp_path: Path):
    access = server.make()
    server.drop_subscription()
    async with watching(Watched("imp2", access["imp2"], tmp_path)) as watched:
        await watched.becomes(0, "no-subscription")
        server.make()
        await watched.becomes(2, "equal")


async def test_tables_that_are_being_copied(server: Server, subscriber: Watched):
    with server.later_table():
        with server.locked("imp2", "later"):
            server.subscription("refresh publication")
            await subscriber.becomes(0, "copying: later")
        await subscriber.becomes(2, "equal: 3")
    await subscriber.becomes(2, "equal: 2")


async def test_a_subscription_that_is_dropped_has_failed(server: Server, subscriber: Watched):
    server.drop_subscription()
    await subscriber.becomes(4, "dropped")
    server.make()
    await subscriber.becomes(2, "equal")


async def test_a_row_in_the_way_fails_until_it_is_gone(server: Server, subscriber: Watched):
    server.at("imp2", "insert into presence_user values ('carol', 'imp2')")
    server.at("imp1", "insert into presence_user values ('carol', 'imp1')")
    await subscriber.becomes(4)
    before, errors = len(subscriber.told), server.apply_errors()
    await until(lambda: server.apply_errors() >= errors + 3)
    assert [told for told in subscriber.told[before:] if not told.startswith("4")] == []
    server.at("imp2", "delete from presence_user where userid = 'carol'")
    await subscriber.becomes(2, "equal")


async def test_a_row_that_is_missing_is_a_mismatch(server: Server, subscriber: Watched):
    server.at("imp2", "delete from presence_user where userid = 'bob'")
    await subscriber.becomes(3, "different")
    server.at("imp2", "insert into presence_user values ('bob', 'imp2')")
    await subscriber.becomes(2, "equal")


async def test_changes_under_way_are_no_mismatch(
    server: Server, always_compared: None, subscriber: Watched
):
    began = len(subscriber.told)
    await asyncio.to_thread(server.at, "imp1", MANY_CHANGES)
    await until(lambda: server.at("imp2", "select count(*) from presence_user") == [(2,)])
    assert subscriber.told[began:] == []


async def test_a_table_that_is_published_later_is_missing(server: Server, subscriber: Watched):
    with server.later_table():
        await subscriber.becomes(1, "tables-missing: 2/3")
    await subscriber.becomes(2, "equal")


async def test_a_publisher_that_is_locked_out_has_no_answer(server: Server, publisher: Watched):
    server.lock_out("imp1")
    await publisher.becomes(None, "no-answer")
    assert publisher.database.report().answers is False
    server.let_in("imp1")
    await publisher.becomes(2, "publishes: 2")


async def test_a_publication_that_is_dropped_has_failed(server: Server, publisher: Watched):
    server.at("imp1", "drop publication node_data")
    await publisher.becomes(4, "dropped")
    server.make()
    await publisher.becomes(2)


async def test_a_subscriber_fails_without_its_publisher(server: Server, subscriber: Watched):
    server.lock_out("imp1")
    await subscriber.becomes(4)
    assert subscriber.database.report().answers
    server.let_in("imp1")
    await subscriber.becomes(2, "equal")


async def test_views_that_may_not_be_read_give_no_value(server: Server, subscriber: Watched):
    server.at("imp2", "revoke select on pg_subscription_rel from public")
    await subscriber.becomes(None, "unreadable")
    assert subscriber.database.report().answers
    server.at("imp2", "grant select on pg_subscription_rel to public")
    await subscriber.becomes(2)


async def test_a_server_that_ends_and_comes_back(server: Server, subscriber: Watched):
    server.stop()
    await subscriber.becomes(None, "no-answer")
    one = subscriber.database.report().down_s or 0
    await until(lambda: (subscriber.database.report().down_s or 0) > one)
    server.start()
    await subscriber.becomes(2, "equal")
    assert subscriber.database.report().down_s is None


async def test_a_server_that_hangs_and_goes_on(server: Server, subscriber: Watched):
    with server.frozen():
        await subscriber.becomes(None, "no-answer: timeout")
    await subscriber.becomes(2, "equal")


async def test_ending_does_not_wait_for_a_server_that_hangs(server: Server, tmp_path: Path):
    access = server.make()
    async with watching(Watched("imp2", access["imp2"], tmp_path)) as watched:
        await watched.becomes(2, "equal")
        with server.frozen():
            await watched.becomes(None, "no-answer")
            await asyncio.wait_for(watched.end(), 10)


async def test_a_report_looks_again_before_it_says_that_the_database_is_down(
    server: Server, subscriber: Watched
):
    subscriber.database.follow(3600.0)
    server.stop()
    await subscriber.becomes(None, "no-answer")
    server.start()
    await subscriber.database.freshen(10.0)
    assert subscriber.database.report().answers
    await subscriber.becomes(2, "equal")


async def test_a_new_password_is_read_from_its_file(server: Server, tmp_path: Path):
    access = server.make()
    async with watching(Watched("imp2", access["imp2"], tmp_path)) as watched:
        await watched.becomes(2, "equal")
        server.run("alter role prg_admin_imp2 rename to prg_admin_former")
        try:
            server.lock_out("imp2")
            server.let_in("imp2")
            await watched.becomes(None, "no-answer")
            former = access["imp2"].url.replace("prg_admin_imp2", "prg_admin_former", 1)
            watched.write_url(former)
            await until(lambda: watched.database.answers)
        finally:
            server.run("alter role prg_admin_former rename to prg_admin_imp2")


async def test_a_subscriber_that_is_late_is_no_mismatch(
    server: Server, always_compared: None, subscriber: Watched
):
    began = len(subscriber.told)
    with server.late():
        server.at("imp1", "insert into presence_user values ('dave', 'imp1')")
        await until(lambda: (subscriber.database.report().lag_bytes or 0) > 0)
        await stays(subscriber.has_told_nothing_since(began), seconds=1.5)
    await until(lambda: server.at("imp2", "select count(*) from presence_user") == [(3,)])
    server.at("imp1", "delete from presence_user where userid = 'dave'")
    await until(lambda: server.at("imp2", "select count(*) from presence_user") == [(2,)])
    assert subscriber.told[began:] == []
