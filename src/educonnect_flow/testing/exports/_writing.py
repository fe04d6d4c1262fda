"""What all formats are written with."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from datetime import date
from pathlib import Path


def french(day: date | None) -> str:
    """``21/09/2007``; for none a day that there is not."""
    return f"{day:%d/%m/%Y}" if day is not None else "31/02/2012"


def write(path: Path, pieces: Iterable[str], encoding: str = "UTF-8") -> None:
    """Write a file of XML; a letter that the set has not is written as its number."""
    with path.open("w", encoding=encoding, errors="xmlcharrefreplace", newline="") as file:
        file.writelines(pieces)


def zipped_(path: Path, *, mac: bool) -> Path:
    """A zip in the place of the file, with what a Mac adds to it."""
    packed = path.with_name(f"ExportXML_{path.stem}.zip")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, path.name)
        if mac:
            archive.writestr(f"__MACOSX/._{path.name}", b"\x00\x05\x16\x07")
    path.unlink()
    return packed
