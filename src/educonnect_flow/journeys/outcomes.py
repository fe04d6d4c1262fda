"""The outcomes of all journeys, for type checkers.  Importing this module imports all journeys."""

from __future__ import annotations

from educonnect_flow.journeys.activation.views import ActivationOutcome
from educonnect_flow.journeys.forgotten_identifier.views import ForgottenIdentifierOutcome

AnyOutcome = ActivationOutcome | ForgottenIdentifierOutcome
"""An outcome of a flow that has the journeys of the library: its ``state`` says which class its ``view`` has."""
