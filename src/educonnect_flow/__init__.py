"""A parent's EduConnect account, as explicit finite state machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from educonnect_flow._lazy import lazy_exports
from educonnect_flow.engine._journey import Journey
from educonnect_flow.flow import ActivationFlow, Flow
from educonnect_flow.journeys.activation.profile import ChooseProfile, Profile, StartActivation
from educonnect_flow.journeys.activation.run import State
from educonnect_flow.outcome import Outcome
from educonnect_flow.people import Guardian, Pupil, PupilAnswer, Relation
from educonnect_flow.reasons import Reason, Refusal
from educonnect_flow.settings import Settings
from educonnect_flow.steps.code import ResendCode, SubmitCode
from educonnect_flow.steps.ending import GoBack
from educonnect_flow.steps.identity import ClaimIdentity
from educonnect_flow.steps.password import ChoosePassword
from educonnect_flow.steps.pupils import ConfirmPupils
from educonnect_flow.validators import Validators

if TYPE_CHECKING:
    from educonnect_flow.aio import AsyncActivationFlow, AsyncFlow

__all__ = [
    "ActivationFlow", "AsyncActivationFlow", "AsyncFlow", "ChoosePassword", "ChooseProfile", "ClaimIdentity",
    "ConfirmPupils", "Flow", "GoBack", "Guardian", "Journey", "Outcome", "Profile", "Pupil", "PupilAnswer", "Reason",
    "Refusal", "Relation", "ResendCode", "Settings", "StartActivation", "State", "SubmitCode", "Validators",
]  # fmt: skip

# asyncio is loaded by those who use it.
__getattr__ = lazy_exports(__name__, {"AsyncActivationFlow": "aio", "AsyncFlow": "aio"})
