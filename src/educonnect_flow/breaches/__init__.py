"""Lists of passwords that were published: what a host may refuse beside the common ones."""

from educonnect_flow.breaches._hashed_file import HashedFile

__all__ = ["HashedFile"]
