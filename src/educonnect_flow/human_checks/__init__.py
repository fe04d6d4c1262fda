"""Human checks: a puzzle that the browser solves by itself (recommended), and an image with its sound.

Neither keeps a prompt anywhere: its id carries what it is, under a keyed hash.  Only that it was answered is kept, in
the store, until it would be over anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from educonnect_flow._lazy import lazy_exports

if TYPE_CHECKING:
    from educonnect_flow.human_checks._altcha import AltchaCheck
    from educonnect_flow.human_checks._captcha import CaptchaCheck

__all__ = ["AltchaCheck", "CaptchaCheck"]

# Each with its extra.
__getattr__ = lazy_exports(__name__, {"AltchaCheck": "_altcha", "CaptchaCheck": "_captcha"})
