"""What the installation is made of, for the page About."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import django_htmx

from prg_admin.lib.env import BASE_DIR

VENDORED = BASE_DIR / "static" / "vendor"
"""One folder a script, with its ``package.json`` and ``LICENSE`` as its makers published them."""
HTMX = Path(django_htmx.__file__).parent / "static" / "django_htmx" / "htmx-2.js"


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    version: str
    licence: str
    text: str = ""
    """Path of the licence's text among the static files; empty where it comes with a library."""


@cache
def version() -> str:
    """Of PRG Admin."""
    with (BASE_DIR / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


@cache
def browser_scripts() -> tuple[Part, ...]:
    """Scripts of others that run in the browser."""
    found = re.search(r"version: '([\d.]+)'", HTMX.read_text())
    htmx = Part("htmx, htmx-ext-sse", found[1] if found else "", "0BSD")
    return (htmx, *(_vendored(file) for file in sorted(VENDORED.glob("*/package.json"))))


@cache
def libraries() -> tuple[Part, ...]:
    """Those of ``requirements.txt``."""
    lines = (BASE_DIR / "requirements.txt").read_text().splitlines()
    names = (re.match(r"[\w.-]+", line) for line in lines)
    return tuple(filter(None, (_library(name[0]) for name in names if name)))


def _vendored(file: Path) -> Part:
    package = json.loads(file.read_text())
    licence = file.with_name("LICENSE")
    text = licence.relative_to(BASE_DIR / "static").as_posix() if licence.exists() else ""
    return Part(package["name"], package["version"], package["license"], text)


def _library(name: str) -> Part | None:
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return None
    return Part(found.metadata["Name"], found.version, _licence(found))


def _licence(found: Distribution) -> str:
    """As newer packages say it, as older ones do, or from their classifiers."""
    said = found.metadata.get_all("License-Expression") or found.metadata.get_all("License") or []
    if said and "\n" not in said[0].strip():
        return str(said[0]).strip()
    classifiers = found.metadata.get_all("Classifier") or []
    named = [line.rpartition(" :: ")[2] for line in classifiers if line.startswith("License ::")]
    return ", ".join(named)
