"""For those who test their own hosts, stores and gateways: a clock to set, strategies, a contract, failures on demand.

Needs the extra ``testing`` (hypothesis, pytest).  Nothing else in the library imports this.
"""

from educonnect_flow.testing.clock import FakeClock
from educonnect_flow.testing.faults import CheapHasher, Crash, FaultyStore
from educonnect_flow.testing.stores import StoreContract

__all__ = ["CheapHasher", "Crash", "FakeClock", "FaultyStore", "StoreContract"]
