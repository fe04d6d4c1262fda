"""JSON as stores keep it."""

from __future__ import annotations

import json

encode = json.JSONEncoder(separators=(",", ":")).encode
"""A value as compact JSON.  Made once: ``json.dumps`` with separators makes an encoder for each call."""
