"""The activation as a JSON API: ``uvicorn --app-dir examples/fastapi_host app:app``, then open ``/docs``.

SMS are printed on the console.  For local demonstration only: the family is invented, and the file is a temporary one.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import date
from pathlib import Path

from fastapi import FastAPI

from educonnect_flow import AsyncActivationFlow, Guardian, Pupil, Relation, Settings
from educonnect_flow.contrib.fastapi import activation_router
from educonnect_flow.directory import StaticDirectory
from educonnect_flow.sms import ConsoleSms
from educonnect_flow.stores import SqliteStore

LEO = Pupil(
    id="p1",
    family_name="Durand",
    given_name="Léo",
    birth_date=date(2007, 9, 21),
    school="Lycée Jean Moulin",
    uai="0750001A",
    relation=Relation.LEGAL_REPRESENTATIVE,
)
EMILIE = Guardian(id="g1", family_name="Durand", given_name="Émilie", mobile="+33612345678", pupils=[LEO])

DATABASE = os.environ.get("HOST_DATABASE")
# A file that outlives this process needs a key that does, too.
KEY = bytes.fromhex(os.environ["HOST_SECRET_KEY"]) if DATABASE else secrets.token_bytes(32)

flow = AsyncActivationFlow(
    directory=StaticDirectory([EMILIE]),
    store=SqliteStore(DATABASE or Path(tempfile.mkdtemp()) / "activations.db"),
    sms=ConsoleSms(),
    secret_key=KEY,
    settings=Settings(origin="localhost"),
)


async def relay() -> None:
    """In production a process of its own: ``python -m educonnect_flow relay --flow app:flow``."""
    while True:
        await flow.deliver()
        await asyncio.sleep(0.5)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """The relay beside the server, and the store given back at the end."""
    running = asyncio.create_task(relay())
    yield
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await flow.close()


app = FastAPI(title="Activation of an ÉduConnect account (demonstration)", lifespan=lifespan)
app.include_router(activation_router(flow), prefix="/activation")
