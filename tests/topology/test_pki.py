"""The installation's certificates, as strict as Python and OpenSSL can be."""

from __future__ import annotations

import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID

from prg_admin.topology import pki

NODE = "imp1.example.com"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pki")
    pki.ensure_authority(folder)
    pki.issue(folder, NODE, folder / "node.crt", folder / "node.key")
    return folder


def context(purpose: ssl.Purpose, folder: Path, own: str) -> ssl.SSLContext:
    """As Python 3.13 and later check certificates."""
    made = ssl.create_default_context(purpose, cafile=folder / "ca.crt")
    made.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    made.verify_mode = ssl.CERT_REQUIRED
    made.load_cert_chain(folder / f"{own}.crt", folder / f"{own}.key")
    return made


def greet(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> dict[str, object]:
    """A handshake in memory; what the server has learned about its client."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    one = client.wrap_bio(down, up, server_hostname=name)
    other = server.wrap_bio(up, down, server_side=True)
    for side in (one, other, one, other, one):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return other.getpeercert() or {}


def test_engine_and_node_know_one_another(folder: Path):
    client = context(ssl.Purpose.SERVER_AUTH, folder, "engine")
    server = context(ssl.Purpose.CLIENT_AUTH, folder, "node")
    peer = greet(client, server, NODE)
    assert (("commonName", "engine"),) in peer["subject"]


def test_a_node_is_not_taken_for_another(folder: Path):
    client = context(ssl.Purpose.SERVER_AUTH, folder, "engine")
    server = context(ssl.Purpose.CLIENT_AUTH, folder, "node")
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        greet(client, server, "imp2.example.com")


def test_another_installations_engine_is_turned_away(folder: Path, tmp_path: Path):
    pki.ensure_authority(tmp_path)
    stranger = context(ssl.Purpose.SERVER_AUTH, tmp_path, "engine")
    stranger.load_verify_locations(folder / "ca.crt")
    server = context(ssl.Purpose.CLIENT_AUTH, folder, "node")
    with pytest.raises(ssl.SSLCertVerificationError):
        greet(stranger, server, NODE)


def test_a_node_cannot_make_certificates(folder: Path):
    made = x509.load_pem_x509_certificate((folder / "node.crt").read_bytes())
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_private_keys_are_their_owners_alone(folder: Path):
    for name in ("ca.key", "engine.key", "node.key"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
        serialization.load_pem_private_key((folder / name).read_bytes(), None)


def test_a_key_file_that_was_open_to_all_is_so_no_longer(folder: Path, tmp_path: Path):
    key = tmp_path / "key"
    key.write_text("")
    key.chmod(0o666)
    pki.issue(folder, "imp2", tmp_path / "crt", key)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_what_exists_is_kept(folder: Path):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    pki.ensure_authority(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_an_authority_that_was_half_written_is_made_anew(tmp_path: Path):
    """Killed in between: a key alone is nobody's authority yet, and drafts are no files."""
    pki.ensure_authority(tmp_path)
    (tmp_path / "ca.crt").unlink()
    (tmp_path / "engine.crt").unlink()
    pki.ensure_authority(tmp_path)
    client = context(ssl.Purpose.SERVER_AUTH, tmp_path, "engine")
    server = context(ssl.Purpose.CLIENT_AUTH, tmp_path, "engine")
    assert greet(client, server, "engine")
    assert {p.name for p in tmp_path.iterdir()} == {"ca.crt", "ca.key", "engine.crt", "engine.key"}


def test_a_name_of_any_allowed_length_can_be_certified(folder: Path, tmp_path: Path):
    name = ".".join(["a" * 63, "b" * 63])
    pki.issue(folder, name, tmp_path / "x.crt", tmp_path / "x.key")
    made = x509.load_pem_x509_certificate((tmp_path / "x.crt").read_bytes())
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [name]
    assert made.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == name[:64]
