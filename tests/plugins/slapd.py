"""A real OpenLDAP server for tests marked ``slapd``, a child of the test process.

``python -m tests.plugins.slapd`` (part of ``make test``) installs it from the system's packages
where that is possible. Without it those tests are skipped by name.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from prg_admin.launcher.spawn import end, free_port, last_words, spawn, wait_until

MISSING = "slapd (OpenLDAP) is not installed"
FOLDERS = ("/usr/sbin", "/usr/lib/openldap", "/usr/libexec", "/usr/local/libexec")
MODULES, SCHEMAS = Path("/usr/lib/ldap"), Path("/etc/ldap/schema")
SUFFIX = "dc=example,dc=com"
ROOT_DN, PASSWORD = f"cn=reader,{SUFFIX}", "s3cret-of-the-directory"
CONFIG = """
include {schemas}/core.schema
include {schemas}/cosine.schema
include {schemas}/inetorgperson.schema
pidfile {folder}/slapd.pid
modulepath {modules}
moduleload back_mdb
{tls}
sizelimit {size_limit}
database mdb
suffix "{suffix}"
rootdn "cn=manager,{suffix}"
rootpw manager
directory {folder}/data
maxsize 268435456
dbnosync
limits dn.exact="{root_dn}" {limits}
access to attrs=userPassword by * auth
access to * by dn.exact="{root_dn}" read by * none
"""


def executable(name: str = "slapd") -> str | None:
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(FOLDERS))


def install() -> str:
    """Install slapd, without a directory of its own, if it is missing and may be installed."""
    if found := executable():
        return f"slapd: {found}"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return f"{MISSING} and only root can install it here; its tests will be skipped."
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    # Without a configuration the package starts nothing.
    answer = b"slapd slapd/no_configuration boolean true\n"
    for command, given in (
        (["debconf-set-selections"], answer),
        (["apt-get", "-qq", "update"], None),
        (["apt-get", "-qq", "install", "-y", "--no-install-recommends", "slapd"], None),
    ):
        if subprocess.run(command, check=False, env=env, input=given).returncode:
            return f"{MISSING}: '{' '.join(command)}' failed; its tests will be skipped."
    return f"slapd: {executable()}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if executable():
        return
    for item in items:
        if item.get_closest_marker("slapd"):
            item.add_marker(pytest.mark.skip(reason=f"{MISSING}; 'make test' as root installs it"))


class Slapd:
    """The server, and what is in it."""

    def __init__(self, folder: Path, *, tls: str = "", limits: str = "size=unlimited") -> None:
        self.folder, self.port = folder, free_port()
        self.scheme = "ldaps" if tls else "ldap"
        self.log = folder / "slapd.log"
        (folder / "data").mkdir(parents=True)
        self._config = folder / "slapd.conf"
        self._config.write_text(
            CONFIG.format(
                folder=folder,
                schemas=SCHEMAS,
                modules=MODULES,
                suffix=SUFFIX,
                root_dn=ROOT_DN,
                tls=tls,
                size_limit=500,
                limits=limits,
            )
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def server(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def fill(self, ldif: str) -> None:
        """Adds entries while it is stopped."""
        file = self.folder / "entries.ldif"
        file.write_text(ldif)
        command = [str(executable("slapadd")), "-q", "-f", str(self._config), "-l", str(file)]
        subprocess.run(command, check=True, capture_output=True)

    def start(self) -> None:
        command = [
            str(executable()),
            *("-h", self.server, "-f", str(self._config), "-d", "0"),
        ]
        self._process = spawn(command, log=self.log, death_signal=signal.SIGKILL)
        assert wait_until(self._answers, seconds=30), last_words(self.log)

    def stop(self) -> None:
        if self._process:
            end(self._process, signal.SIGTERM, seconds=10)
            self._process = None

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


def tree() -> str:
    """The entries that every directory of the tests has."""
    return textwrap.dedent(
        f"""\
        dn: {SUFFIX}
        objectClass: dcObject
        objectClass: organization
        o: Example
        dc: example

        dn: {ROOT_DN}
        objectClass: organizationalRole
        objectClass: simpleSecurityObject
        cn: reader
        userPassword: {PASSWORD}

        dn: ou=people,{SUFFIX}
        objectClass: organizationalUnit
        ou: people

        """
    )


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    """One running server for a test module, with nobody in it."""
    server = Slapd(tmp_path_factory.mktemp("slapd") / "own")
    server.fill(tree())
    server.start()
    yield server
    server.stop()


if __name__ == "__main__":
    sys.stdout.write(install() + "\n")
