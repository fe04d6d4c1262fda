"""The tests, in folders that mirror the house; what several of them share stands here."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
"""The repository, or the unpacked sdist."""
