"""Elements of an XML file, one at a time: nothing fetched, nothing expanded, nothing kept."""

from __future__ import annotations

from collections.abc import Iterator
from html.entities import name2codepoint
from typing import Any

from educonnect_flow.exports._fields import read_text
from educonnect_flow.exports._items import ExportError
from educonnect_flow.exports._source import Source

BARREN = 1 << 24
"""Bytes without one element that is looked for, after which a file is no such file."""

Element = Any


def elements(source: Source, root: str, *tags: str) -> Iterator[Element]:
    """Every element named one of *tags*, whole; those of a chunk are dropped together.

    :raises ExportError: when the file is malformed, cut off, declares entities, or has another root.
    """
    from lxml import etree

    parser = etree.XMLPullParser(
        events=("end",), tag=tags, resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    barren, checked = 0, False
    try:
        for chunk in source.chunks():
            parser.feed(chunk)
            barren += len(chunk)
            last = None
            for _, last in parser.read_events():
                if not checked:
                    _check(last, root, source.name)
                    checked = True
                yield last
            if last is not None:
                barren = 0
                _drop(last)
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
    while (parent := element.getparent()) is not None:
        del parent[: parent.index(element)]
        element = parent


class SpoiltError(Exception):
    """An element that is ambiguous: something interrupts a text, or one place has two values."""


def children(element: Element, wanted: frozenset[str]) -> dict[str, str]:
    """The texts of the child elements *wanted* by name; those without a text are left out.

    :raises SpoiltError: when one of them cannot be read, or comes twice with two texts.
    """
    found: dict[str, str] = {}
    for child in element:  # choosing them here takes half of the time that lxml takes for it
        tag = child.tag
        if tag not in wanted:
            continue
        text = child.text
        if len(child):
            text = text_of(child)
        elif text:
            text = text.strip()
            if not text.isascii():
                text = read_text(text)
        if text and found.setdefault(tag, text) != text:
            raise SpoiltError
    return found


def text_of(element: Element) -> str:
    """All that *element* holds, a text: without the spaces around it.  An entity of HTML is the letter that it names.

    :raises SpoiltError: when something else interrupts the text: a name would be cut short.
    """
    text = element.text or ""
    for inner in element:
        # Without its DTD, a file may name entities that it does not declare.
        point = name2codepoint.get(inner.name) if not isinstance(inner.tag, str) else None
        if point is None:
            raise SpoiltError
        text += chr(point) + (inner.tail or "")
    return read_text(text)
