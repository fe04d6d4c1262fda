"""The fuzzing target, on what Hypothesis makes up; ``python -m tests.fuzz`` goes on for as long as one likes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.target import PARSERS, one_input

NEAR = st.one_of(
    st.from_regex(r"\A\+?[0-9 ().\-/]{0,20}\Z"), st.from_regex(r"\A[0-9]{2}/[0-9]{2}/[0-9]{4}\Z"),
    st.from_regex(r"\A[\w\-]{20,50}(\.[0-9]{16}\.[\w\-]{43})?\Z"), st.text(max_size=80),
    st.text(st.characters(categories=["Mn", "Nd", "Lu", "Ll", "Cf", "Zs"]), max_size=300),
)  # fmt: skip


@pytest.mark.promise("C9", "C10", "I5", "P1", "P2")
@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.__name__)
@given(NEAR)
@settings(max_examples=60)
def test_every_parser_refuses_and_never_breaks(parser: object, text: str) -> None:
    one_input(bytes([PARSERS.index(parser)]) + text.encode())


@given(st.binary(max_size=300))
@settings(max_examples=150)
def test_nor_on_bytes_that_are_no_text(data: bytes) -> None:
    one_input(data)
