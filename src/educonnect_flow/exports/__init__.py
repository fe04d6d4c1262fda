"""What schools export, read as a stream: SIECLE (second degree), ONDE (first degree) and AAF (extra ``records``).

Each reader yields ``Person``, ``Student`` and ``Link`` in the order of the file, and holds one of them at a time; what
cannot be read is a ``LeftOut``.
"""

from educonnect_flow.exports._items import Entry, ExportError, Item, LeftOut, Link, Person, School, Student, Why
from educonnect_flow.exports.reading import Export, FeedExport, SchoolExport, Skipped, read

__all__ = [
    "Entry", "Export", "ExportError", "FeedExport", "Item", "LeftOut", "Link", "Person", "School", "SchoolExport",
    "Skipped", "Student", "Why", "read",
]  # fmt: skip
