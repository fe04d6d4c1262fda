"""The pages "Embed it in …" are so: their files make a host, and a parent gets through it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
import subprocess
import sys
import textwrap
import time
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from educonnect_flow.human_checks import CaptchaCheck
from educonnect_flow.stores import MemoryStore
from tests import ROOT
from tests.hosts.processes import ended

RELAYED = """
import re, subprocess, sys

def code_of(*command):
    \"\"\"The code that a relay in a process of its own sends, as the page says to start it.\"\"\"
    relay = subprocess.Popen([sys.executable, "-u", *command], stdout=subprocess.PIPE, text=True)
    for line in relay.stdout:
        found = re.search(r"#(\\d{6})$", line.rstrip())
        if found:
            break
    relay.terminate()
    relay.stdout.read()
    assert relay.wait(30) == 0
    return found[1]
"""

DJANGO = """
import os, sys
from relayed import code_of
os.environ["DJANGO_SETTINGS_MODULE"] = "myhost.settings"
import django
django.setup()
from django.core.management import call_command
from django.test import Client
call_command("check", fail_level="WARNING")
call_command("migrate", verbosity=0)
client = Client()

def post(event, **data):
    page = client.get("/activation/", follow=True)
    address = page.redirect_chain[-1][0] if page.redirect_chain else "/activation/"
    return client.post(address, {"event": event, "request_id": event, **data}, follow=True).content.decode()

assert 'name="profile"' in client.get("/activation/", follow=True).content.decode()
post("ChooseProfile", profile="guardian")
post("StartActivation")
assert "Remplissez ce champ." in post("ClaimIdentity", family_name="", given_name="Emilie", mobile="")
page = post("ClaimIdentity", family_name="durand", given_name="Emilie", mobile="06 12 34 56 78")
assert "+33 6" in page, page
page = post("SubmitCode", code=code_of("-m", "django", "educonnect_relay", "--idle", "0.1"))
assert "Je suis le représentant légal" in page
page = post("ConfirmPupils", **{"confirmed:p1": "yes", "birth:p1:day": "21", "birth:p1:month": "9", "birth:p1:year": "2007"})
assert "Doit contenir 1 majuscule" in page
page = post("ChoosePassword", password="Rive-Haute-58", confirmation="Rive-Haute-58")
assert "e.durand" in page, page
"""

FASTAPI = """
import sys, threading, time
import httpx, uvicorn
import app
from relayed import code_of
server = uvicorn.Server(uvicorn.Config(app.app, "127.0.0.1", int(sys.argv[1]), log_level="error"))
threading.Thread(target=server.run, daemon=True).start()
while not server.started:
    time.sleep(0.01)
client = httpx.Client(base_url=f"http://127.0.0.1:{sys.argv[1]}", timeout=30)
handle = client.post("/activation").headers["activation-handle"]

def post(path, body=None):
    global handle
    answer = client.post(f"/activation/{path}", json=body, headers={"Activation-Handle": handle})
    handle = answer.headers["activation-handle"]
    return answer

post("choose-profile", {"profile": "guardian"})
post("start-activation")
post("claim-identity", {"family_name": "Durand", "given_name": "Emilie", "mobile": "06 12 34 56 78"})
assert post("submit-code", {"code": "12"}).json()["refusals"][0]["reason"] == "code_malformed"
post("submit-code", {"code": code_of("-m", "educonnect_flow", "relay", "--flow", "app:flow", "--idle", "0.1")})
post("confirm-pupils", {"answers": [{"pupil_id": "p1", "confirmed": True, "birth_date": "2007-09-21"}]})
done = post("choose-password", {"password": "Rive-Haute-58", "confirmation": "Rive-Haute-58"})
assert done.json()["view"]["identifier"].startswith("e.durand"), done.text
server.should_exit = True
"""

WSGI = """
import re, sys, threading
from wsgiref.simple_server import WSGIRequestHandler, make_server
import httpx
import wsgi_host
from relayed import code_of

class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass

server = make_server("127.0.0.1", int(sys.argv[1]), wsgi_host.application, handler_class=Quiet)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = httpx.Client(base_url=f"http://127.0.0.1:{sys.argv[1]}", timeout=30)
page = client.get("/")

def post(**data):
    global page
    hidden = dict(re.findall(r'type="hidden" name="(\\w+)" value="([^"]*)"', page.text))
    page = client.post("/", data={**hidden, "button": "next", **data})
    return page.text

post()
post()
assert "Remplissez ce champ." in post(family_name="Durand", given_name="Emilie")
post(family_name="Durand", given_name="Emilie", mobile="0612345678")
before = page
assert "PUPILS" in post(code=code_of("-m", "educonnect_flow", "relay", "--flow", "wsgi_host:flow", "--idle", "0.1"))
page = before
assert "PUPILS" in post(code="000000")
assert "PASSWORD" in post(p1="21/09/2007")
assert "e.durand" in post(password="Rive-Haute-58", confirmation="Rive-Haute-58")
server.shutdown()
server.server_close()
wsgi_host.flow.close()
"""


def made_of(page: str, folder: Path) -> None:
    """The files that a page of the documentation holds."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    found = re.findall(r'```\w+ title="([^"]+)"\n(.*?)```', text, re.DOTALL)
    assert found
    for name, content in found:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")


@pytest.mark.parametrize(
    ("page", "walk"), [("embed-django.md", DJANGO), ("embed-fastapi.md", FASTAPI), ("embed-anything.md", WSGI)]
)
def test_a_host_made_of_the_page_leads_to_an_identifier(page: str, walk: str, tmp_path: Path, free_port: int) -> None:
    made_of(page, tmp_path)
    (tmp_path / "walk.py").write_text(textwrap.dedent(walk), "utf-8")
    (tmp_path / "relayed.py").write_text(RELAYED, "utf-8")
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "ignore", "walk.py", str(free_port)],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "ACTIVATION_KEY": "ab" * 32, "SECRET_KEY": "a key of this test alone"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_what_the_pages_say_of_the_routes_is_so() -> None:
    from educonnect_flow.contrib.fastapi._models import PATHS

    text = (ROOT / "docs" / "embed-fastapi.md").read_text("utf-8")
    for path in PATHS.values():
        assert f"/{path}`" in text


def test_what_the_page_says_of_the_settings_is_so() -> None:
    from attrs import fields

    from educonnect_flow.contrib.django.conf import Options

    text = (ROOT / "docs" / "embed-django.md").read_text("utf-8").split("## `EDUCONNECT_FLOW`")[1]
    for field in fields(Options):
        assert f"`{field.name.upper()}`" in text


def waited_for(address: str) -> httpx.Response:
    """The first answer of a server that was just started."""
    end = time.monotonic() + 60
    while True:
        try:
            return httpx.get(address, follow_redirects=True)
        except httpx.TransportError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def test_one_command_starts_the_django_example(tmp_path: Path, free_port: int) -> None:
    key, database = "a key for this test alone", tmp_path / "demo.db"
    with (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-u", "examples/django_host/manage.py", "demo", f"127.0.0.1:{free_port}"],
            cwd=ROOT, stdout=out, stderr=subprocess.STDOUT,
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "host.settings", "HOST_DATABASE": str(database), "HOST_SECRET_KEY": key},
        )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{free_port}"
        assert "Démonstration locale" in waited_for(f"{address}/").text
        client = httpx.Client(base_url=address, follow_redirects=True)
        page = client.get("/activation/")

        def post(event: str, **data: str) -> httpx.Response:
            (token,) = set(re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[:1])
            return client.post(page.url, data={"event": event, "csrfmiddlewaretoken": token, **data})

        page = post("ChooseProfile")
        page = post("StartActivation")
        with closing(sqlite3.connect(database)) as rows:
            ((body,),) = rows.execute("SELECT body FROM educonnect_flow_run").fetchall()
        check = CaptchaCheck(MemoryStore(), hashlib.sha256(b"educonnect_flow:" + key.encode()).digest())
        answer = check._text(json.loads(body)["prompt"])
        page = post("ClaimIdentity", family_name="durand", given_name="emilie", mobile="0612345678", human_check=answer)
        assert page.url.path == "/activation/code/"
        client.close()
        end = time.monotonic() + 20
        while (
            "SMS" not in (said := (tmp_path / "out").read_text("utf-8").replace("the SMS.", ""))
            and time.monotonic() < end
        ):
            time.sleep(0.1)
        assert "Émilie Durand, 06 12 34 56 78" in said
        assert re.search(r"\b\d{6}\b", said.split("+33612345678")[1])
    finally:
        ended(process)


def test_one_command_starts_the_fastapi_example(tmp_path: Path, free_port: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "--app-dir", "examples/fastapi_host", "app:app", "--port", str(free_port)],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=os.environ | {"HOST_DATABASE": str(tmp_path / "demo.db"), "HOST_SECRET_KEY": "ab" * 32},
    )  # fmt: skip
    try:
        described = waited_for(f"http://127.0.0.1:{free_port}/openapi.json").json()
        assert "/activation/claim-identity" in described["paths"]
        assert httpx.post(f"http://127.0.0.1:{free_port}/activation").json()["state"] == "profile"
    finally:
        ended(process)
    assert process.returncode in (0, -15)
