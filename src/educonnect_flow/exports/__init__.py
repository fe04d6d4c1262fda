"""What schools export, read as a stream: SIECLE (second degree), ONDE (first degree) and AAF (extra ``records``).

Each reader yields ``Person``, ``Student`` and ``Link`` in the order of the file, and holds one of them at a time.
"""

from educonnect_flow.exports._items import Entry, ExportError, Item, Link, Person, School, Student
from educonnect_flow.exports.reading import Export, FeedExport, SchoolExport, read

__all__ = [
    "Entry", "Export", "ExportError", "FeedExport", "Item", "Link", "Person", "School", "SchoolExport", "Student",
    "read",
]  # fmt: skip
