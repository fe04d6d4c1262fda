"""The flow in web frameworks: one package for each, imported only by the hosts that use it."""

LARGEST_BODY = 64_000
"""Bytes of a request at most.  The largest that a page sends is the solved puzzle of a human check: a few kilobytes."""
