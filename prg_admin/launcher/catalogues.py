"""Compile the catalogues of translations, without GNU gettext: ``locale/*/LC_MESSAGES/*.po``."""

from __future__ import annotations

import os
from pathlib import Path

from babel.messages import mofile, pofile

from prg_admin.launcher.config import ROOT


def compile_all(root: Path = ROOT) -> list[Path]:
    """Write each ``.mo`` that is missing or older than its ``.po``; returns those written."""
    return [_compile(source) for source in sorted(root.glob("locale/*/LC_MESSAGES/*.po"))
            if _is_stale(source)]  # fmt: skip


def _is_stale(source: Path) -> bool:
    target = source.with_suffix(".mo")
    return not target.exists() or target.stat().st_mtime < source.stat().st_mtime


def _compile(source: Path) -> Path:
    target = source.with_suffix(".mo")
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    with source.open("rb") as file:
        catalogue = pofile.read_po(file, abort_invalid=True)
    with draft.open("wb") as file:
        mofile.write_mo(file, catalogue)
    # Another installation may read the same tree at this moment.
    draft.replace(target)
    return target


if __name__ == "__main__":
    for written in compile_all():
        print(written.relative_to(ROOT))
