"""Runs any journey.  See ``engine.py`` for what happens in which order."""
