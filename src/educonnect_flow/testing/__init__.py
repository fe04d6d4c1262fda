"""For those who test their own hosts and adapters: contracts, a clock to set, failures on demand, strategies.

Needs the extra ``testing`` (hypothesis, pytest).  Nothing else in the library imports this.
"""

from educonnect_flow.testing.clock import FakeClock
from educonnect_flow.testing.directory import DirectoryContract
from educonnect_flow.testing.faults import CheapHasher, Crash, FaultyStore
from educonnect_flow.testing.hasher import PasswordHasherContract
from educonnect_flow.testing.human_check import HumanCheckContract
from educonnect_flow.testing.journey import JourneyContract, Walk, code_in
from educonnect_flow.testing.sms import FaultySms, Gateway, SmsContract
from educonnect_flow.testing.stores import AsyncStoreContract, StoreContract
from educonnect_flow.testing.waited import waited

__all__ = [
    "AsyncStoreContract", "CheapHasher", "Crash", "DirectoryContract", "FakeClock", "FaultySms", "FaultyStore",
    "Gateway", "HumanCheckContract", "JourneyContract", "PasswordHasherContract", "SmsContract", "StoreContract",
    "Walk", "code_in", "waited",
]  # fmt: skip
