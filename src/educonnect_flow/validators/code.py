"""The code: exactly the digits that were sent, in time, once.

Sources: the guide (valid 30 min); NIST SP 800-63B-4, 3.1.3.2; ASVS 5.0, 6.5.1 and 6.6.2.
"""

from __future__ import annotations

import hmac
from datetime import datetime

from attrs import frozen

from educonnect_flow._secrecy import Confidential
from educonnect_flow.reasons import Reason, Refusal, Verdict
from educonnect_flow.settings import Settings

_DIGITS = frozenset("0123456789")  # str.isdigit and \d take other alphabets' digits too


@frozen(kw_only=True, eq=False, repr=False, slots=False)
class CodeCheck(Confidential):
    """What a code validator may see."""

    given: str
    """The code in what was typed or pasted (``reading.read_code``); where there is none, the text."""
    expected: str
    expires_at: datetime
    now: datetime
    settings: Settings


def check_code(check: CodeCheck) -> Verdict:
    """``CODE_MALFORMED``, ``CODE_EXPIRED`` (from ``expires_at`` on, that instant included) or ``CODE_WRONG``."""
    length = check.settings.code_length
    if len(check.given) != length or not _DIGITS.issuperset(check.given):
        return Refusal(Reason.CODE_MALFORMED, "code", {"length": length})
    if check.now >= check.expires_at:
        return Refusal(Reason.CODE_EXPIRED, "code")
    if not hmac.compare_digest(check.given, check.expected):
        return Refusal(Reason.CODE_WRONG, "code")
    return None
