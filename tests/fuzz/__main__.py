"""``python -m tests.fuzz``: the parsers under coverage-guided fuzzing, until something breaks or it is stopped.

Needs ``pip install atheris`` (libFuzzer; not among the tests' dependencies, for it has no wheel for every Python).
Options are libFuzzer's: ``-runs=1000000``, ``-max_total_time=600``, a folder for the corpus.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["educonnect_flow", "phonenumbers"]):
    from tests.fuzz.target import one_input

if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
