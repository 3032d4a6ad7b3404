"""What may be saved about a cluster's directory, and when nobody is removed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prg_admin.domain.directory import (
    LENGTHS,
    RANGES,
    Code,
    DirectoryDraft,
    StoredAccess,
    are_too_many,
    is_dn,
    is_filter,
    validate_directory,
)

GOOD = DirectoryDraft(
    server="ldaps://ldap.example.com",
    bind_dn="cn=reader,dc=example,dc=com",
    password="s3cret",
    base="dc=example,dc=com",
)
STORED = StoredAccess(GOOD.server, GOOD.bind_dn)


def codes(draft: DirectoryDraft, stored: StoredAccess | None = None) -> list[tuple[str, Code]]:
    return [(problem.field, problem.code) for problem in validate_directory(draft, stored)]


@pytest.mark.parametrize(
    "server",
    ["ldap://a", "LDAP://a", "ldaps://[::1]", "ldap://10.0.0.1:3389", "ldaps://a.example.com/"],
)
def test_addresses_of_servers(server: str):
    assert codes(replace(GOOD, server=server)) == []


@pytest.mark.parametrize(
    ("server", "code"),
    [
        ("", Code.REQUIRED),
        ("a.example.com", Code.SCHEME),
        ("http://a", Code.SCHEME),
        ("ldap:a", Code.SCHEME),
        ("ldap://[::1", Code.SCHEME),
        ("ldap://", Code.HOST),
        ("ldap://10.0.0.300", Code.HOST),
        ("ldap://a:0", Code.PORT),
        ("ldap://a:70000", Code.PORT),
        ("ldap://a:x", Code.PORT),
        ("ldap://a/dc=b", Code.ONLY_ADDRESS),
        ("ldap://user:word@a", Code.ONLY_ADDRESS),
        ("ldap://" + "a" * 300, Code.TOO_LONG),
        ("ldap://a\n", Code.CHARACTERS),
    ],
)
def test_what_is_no_address_of_a_server(server: str, code: Code):
    assert codes(replace(GOOD, server=server)) == [("server", code)]


@pytest.mark.parametrize(
    "text",
    [
        "dc=example,dc=com",
        "cn=Reader \\, Main,ou=a b, dc=x",
        "uid=a+cn=b,dc=c",
        "2.5.4.3=x",
        "ou=営業,dc=jp",
    ],
)
def test_distinguished_names(text: str):
    assert is_dn(text)


@pytest.mark.parametrize("text", ["people", "=x", "dc=a,", ",dc=a", "cn=a;b", 'cn="a', "cn=a\\"])
def test_what_is_no_distinguished_name(text: str):
    assert not is_dn(text)


@pytest.mark.parametrize(
    "text",
    [
        "(uid=*)",
        "(&(objectClass=person)(!(uid=a))(|(l=x)(l=y*z)))",
        "(cn~=a)",
        "(memberOf:1.2.840.113556.1.4.1941:=cn=x,dc=y)",
        "(cn=a\\2ab)",
        "(cn=山田)",
    ],
)
def test_filters(text: str):
    assert is_filter(text)


@pytest.mark.parametrize(
    "text",
    ["uid=a", "(uid=a", "(uid=a))", "(&)", "()", "(uid)", "(!(a=b)(c=d))", "(cn=a\\zz)", "(" * 500],
)
def test_what_is_no_filter(text: str):
    assert not is_filter(text)


@pytest.mark.parametrize("field", sorted(RANGES))
def test_numbers_have_their_range(field: str):
    least, most = RANGES[field]
    for value in (least, most):
        assert codes(replace(GOOD, **{field: value})) == []
    for value in (least - 1, most + 1, None):
        assert codes(replace(GOOD, **{field: value})) == [(field, Code.RANGE)]


@pytest.mark.parametrize("field", sorted(LENGTHS))
def test_texts_have_their_length(field: str):
    long = "x" * (LENGTHS[field] + 1)
    assert (field, Code.TOO_LONG) in codes(replace(GOOD, **{field: long}))


@pytest.mark.parametrize("field", ["userid_attribute", "name_attribute", "licence_attribute"])
def test_names_of_attributes(field: str):
    for name in ("uid", "displayName", "cn;lang-ja", "2.5.4.3"):
        assert codes(replace(GOOD, **{field: name})) == []
    for name in ("1uid", "a b", "a=b", "*"):
        assert codes(replace(GOOD, **{field: name})) == [(field, Code.ATTRIBUTE)]


def test_a_password_that_is_stored_need_not_be_typed():
    silent = replace(GOOD, password="")
    assert codes(silent, STORED) == []
    assert codes(silent) == [("password", Code.REQUIRED)]


@pytest.mark.parametrize("more", [{"server": "ldaps://other"}, {"bind_dn": "cn=other,dc=x"}])
def test_a_stored_password_goes_only_where_it_was_given_for(more: dict[str, str]):
    draft = replace(GOOD, password="", **more)
    assert codes(draft, STORED) == [("password", Code.PASSWORD_AGAIN)]
    assert codes(replace(draft, password="s3cret"), STORED) == []


def test_anonymously_there_is_no_password():
    assert codes(replace(GOOD, bind_dn="", password="")) == []
    assert codes(replace(GOOD, bind_dn="")) == [("bind_dn", Code.PASSWORD_WITHOUT_DN)]


def test_a_draft_does_not_tell_its_password():
    assert "s3cret" not in repr(GOOD)


def test_problems_come_in_the_order_of_the_fields():
    fields = [field for field, _code in codes(DirectoryDraft(page_size=0, bind_dn="x"))]
    assert fields == ["server", "bind_dn", "password", "base", "page_size"]


@pytest.mark.parametrize(
    ("gone", "known", "percent", "held"),
    [
        (0, 100, 0, False),
        (1, 100, 0, True),
        (10, 100, 10, False),
        (11, 100, 10, True),
        (1, 9, 10, True),
        (100, 100, 99, True),
        (100, 100, 100, False),
        (0, 0, 10, False),
    ],
)
def test_the_safety_limit(gone: int, known: int, percent: int, *, held: bool):
    assert are_too_many(gone, known, percent) is held
