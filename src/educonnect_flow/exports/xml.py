"""Elements of an XML file, one at a time: nothing fetched, nothing expanded, nothing kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from educonnect_flow.exports.items import ExportError
from educonnect_flow.exports.source import Source

BARREN = 1 << 24
"""Bytes without one element that is looked for, after which a file is no such file."""

Element = Any


def elements(source: Source, root: str, *tags: str) -> Iterator[Element]:
    """Every element named one of *tags*, whole, then dropped.

    :raises ExportError: when the file is malformed, cut off, declares entities, or has another root.
    """
    from lxml import etree

    parser = etree.XMLPullParser(
        events=("end",), tag=tags, resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False
    )
    barren, checked = 0, False
    try:
        for chunk in source.chunks():
            parser.feed(chunk)
            barren += len(chunk)
            for _, element in parser.read_events():
                barren = 0
                if not checked:
                    _check(element, root, source.name)
                    checked = True
                yield element
                _drop(element)
            if barren > BARREN:
                raise ExportError(f"16 MiB without one of {', '.join(tags)}", source.name)
        end = parser.close()
        if not checked:
            _check(end, root, source.name)
    except etree.XMLSyntaxError as error:
        raise ExportError(error.msg or "malformed", source.name, error.lineno) from error


def _check(element: Element, root: str, name: str) -> None:
    tree = element.getroottree()
    dtd = tree.docinfo.internalDTD
    if dtd is not None and any(True for _ in dtd.iterentities()):
        raise ExportError("it declares entities, which no export does", name, 1)
    if tree.getroot().tag != root:
        raise ExportError(f"its root is {tree.getroot().tag}, not {root}", name, 1)


def _drop(element: Element) -> None:
    """Forget *element*, and whatever came before it on the way down to it."""
    element.clear()
    while element is not None:
        parent = element.getparent()
        while parent is not None and element.getprevious() is not None:
            del parent[0]
        element = parent


def text(element: Element, name: str) -> str:
    """The text of the child *name*, without the spaces around it; empty when there is none."""
    found: str | None = element.findtext(name)
    return found.strip() if found else ""
