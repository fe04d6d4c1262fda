"""For those who test their own hosts and adapters: contracts, a clock to set, failures on demand, strategies.

Needs the extra ``testing`` (hypothesis, pytest).  Nothing else in the library imports this.
"""

from educonnect_flow.testing._as_sync import as_sync
from educonnect_flow.testing._clock import FakeClock
from educonnect_flow.testing._directory import DirectoryContract
from educonnect_flow.testing._faults import CheapHasher, Crash, FaultyStore
from educonnect_flow.testing._hasher import PasswordHasherContract
from educonnect_flow.testing._human_check import HumanCheckContract
from educonnect_flow.testing._journey import JourneyContract, Walk, code_in
from educonnect_flow.testing._sms import FaultySms, Gateway, SmsContract
from educonnect_flow.testing._stores import AsyncStoreContract, StoreContract

__all__ = [
    "AsyncStoreContract",
    "CheapHasher",
    "Crash",
    "DirectoryContract",
    "FakeClock",
    "FaultySms",
    "FaultyStore",
    "Gateway",
    "HumanCheckContract",
    "JourneyContract",
    "PasswordHasherContract",
    "SmsContract",
    "StoreContract",
    "Walk",
    "as_sync",
    "code_in",
]  # fmt: skip
