"""Elements of an XML file, one at a time: nothing fetched, nothing expanded, nothing kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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


def children(source: Source, element: Element) -> dict[str, str]:
    """The texts of its child elements by name, without the spaces around them; those without a text are left out.

    :raises ExportError: when something stands within a text: an entity that nobody declares would cut a name short.
    """
    found = {}
    for child in element:
        if (text := child.text) and (text := text.strip()):
            found[child.tag] = whole(source, child, text)
    return found


def whole(source: Source, element: Element, text: str) -> str:
    """*text*, which is all that *element* holds."""
    if len(element):
        raise ExportError(f"something stands within the text of {element.tag}", source.name, element.sourceline)
    return text
