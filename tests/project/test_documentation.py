"""What the documentation says is so: its code runs, its generated pages are fresh, its promises are tested."""

from __future__ import annotations

import ast
import importlib.util
import re
import secrets
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest

import educonnect_flow
from educonnect_flow.directory import SqliteDirectory
from educonnect_flow.journeys import all_journeys
from tests import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def loaded(path: Path) -> ModuleType:
    """A script as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generate = loaded(ROOT / "docs" / "generate.py")

SNIPPETS = [
    pytest.param(code, id=f"{path.name}-{n}")
    for path in PAGES
    if path.name != "own-journey.md"  # run as a whole: test_own_journey_page.py
    for n, code in enumerate(re.findall(r"```python\n(.*?)```", path.read_text("utf-8"), re.DOTALL))
]


@pytest.mark.parametrize("code", SNIPPETS)
def test_every_snippet_runs(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACTIVATION_KEY", secrets.token_hex(32))
    monkeypatch.setenv("SECRET_KEY", secrets.token_hex(32))
    names: dict[str, object] = {"__name__": "snippet"}
    exec(compile(code, "snippet", "exec"), names)  # noqa: S102 - our own page
    for value in names.values():
        if isinstance(value, educonnect_flow.Flow | SqliteDirectory):
            value.close()


def test_the_readmes_snippet_ends_with_an_identifier(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    (code,) = re.findall(r"<!-- begin embed -->\n```python\n(.*?)```", readme, re.DOTALL)
    test_every_snippet_runs(code, tmp_path, monkeypatch)
    refused, done = capsys.readouterr().out.splitlines()
    assert "Le mot de passe doit contenir 1 majuscule." in refused
    assert re.fullmatch(r"State\.ACTIVATED e\.durand[0-9]{2}", done)


def test_no_generated_page_is_stale() -> None:
    assert generate.stale() == []


@pytest.mark.parametrize("sentence", generate.guide(), ids=lambda one: one["text"][:40])
def test_every_sentence_of_the_guide_is_where_it_says(sentence: dict[str, str]) -> None:
    assert set(sentence) <= {"text", "row", "code", "test", "note"}
    if not {"row", "code"} & set(sentence):
        assert "Not built yet" in sentence["note"]
        assert "test" not in sentence
        return
    if "row" in sentence:
        assert any(sentence["row"] in journey.table.named for journey in all_journeys())
    if "code" in sentence:
        module, _, name = sentence["code"].partition(":")
        source = ast.parse((ROOT / "src" / module.replace(".", "/")).with_suffix(".py").read_text("utf-8"))
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        assert name in {node.name for node in source.body if isinstance(node, kinds)}
    file, _, test = sentence["test"].partition("::")
    assert re.search(rf"^def {test}\(", (ROOT / file).read_text("utf-8"), re.MULTILINE), sentence["test"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_row_of_a_table_has_as_many_cells_as_its_head(page: Path) -> None:
    """A line that ends within a cell breaks the row in two."""
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        head, rule, *rows = block.splitlines()
        assert set(rule) <= set("|-: "), head
        cells = [len(re.findall(r"(?<!\\)\|", row)) for row in (head, *rows)]
        assert len(set(cells)) == 1, rows[[n != cells[0] for n in cells[1:]].index(True)]
    lines = text.splitlines()
    for before, after in pairwise(lines):
        assert not (before.startswith("|") and not before.rstrip().endswith("|")), before
        assert not (after.rstrip().endswith("|") and not after.startswith("|")), after


def test_no_page_draws_a_key_anew() -> None:
    """A relay, or the server after a restart, would have another one, and could open nothing."""
    for page in PAGES:
        for code in re.findall(r"```python.*?\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
            assert not re.search(r"(?i)(secret_)?key\s*=\s*(secrets\.|[\"'])", code), page.name


def test_every_promise_that_is_tested_is_known_and_those_of_the_core_are_tested() -> None:
    known = {identity for chapter in generate.promises().values() for identity in chapter if identity != "title"}
    tested = generate.marked_tests()
    assert set(tested) <= known
    core = "C1 C2 C3 C4 C5 C6 C7 C8 C9 C10 C11 C12 C13 F1 F2 F3 F4 F5 F6 F7 E1 P1 P2 P3 P4 P5 P6 I1 I2 I4 I5 V1 V2"
    assert set(core.split()) | {"R1", "R2", "R3", "R7", "R8", "R9", "R12"} <= set(tested)


def test_every_link_to_a_file_leads_somewhere() -> None:
    for path in [*PAGES, ROOT / "CONTRIBUTING.md"]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_the_public_names_are_there() -> None:
    names = """ActivationFlow AsyncActivationFlow Flow AsyncFlow Journey Outcome Refusal Reason State Settings Validators Profile ChooseProfile
        StartActivation ClaimIdentity SubmitCode ResendCode GoBack ConfirmPupils PupilAnswer ChoosePassword Guardian
        Pupil Relation""".split()
    assert sorted(names) == sorted(educonnect_flow.__all__)
    assert all(hasattr(educonnect_flow, name) for name in names)


def run(*command: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """A script of the repository, as from a shell."""
    return subprocess.run(
        [sys.executable, *command], input=typed, capture_output=True, text=True, encoding="utf-8", cwd=ROOT, check=False
    )


def test_the_example_walks_by_itself_to_an_identifier() -> None:
    done = run("examples/activate.py", "--auto")
    assert (done.returncode, done.stderr) == (0, "")
    text = re.sub(r"\n    (?=\w)", " ", done.stdout)  # a long sentence goes on in the next line
    assert "\033" not in text
    assert re.search(r"e\.durand[0-9]{2}", text)
    assert text.count("✉ SMS → +33612345678") == 2
    for said in (
        "ou demandez un nouveau code. Il vous reste 4 essais.",
        "Vous pourrez demander un autre code dans 60 secondes.",
        "Au moins une date de naissance ne correspond pas",
        "Sacha, Basile, Elsa, Lina",
    ):
        assert said in text
    assert max(map(len, done.stdout.splitlines())) < 120


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        ("2\n", 1, "réservée aux responsables"),
        ("1\n1\np\np\n1\n1\nDurand\nEmilie\n06\n", 1, "Ce numéro n’existe pas"),
        ("1\n1\nDurand\nEmilie\n0612345678\nr\np\n", 1, "Au revoir."),
        ("1\n1\nDurand\nEmilie\n0612345678\n123456\n" + "000000\n" * 5, 1, "Trop d’essais"),
    ],
)
def test_the_example_by_hand(typed: str, code: int, said: str) -> None:
    done = run("examples/activate.py", typed=typed)
    assert (done.returncode, done.stderr) == (code, "")
    assert said in done.stdout


def test_the_example_of_a_hosts_own_validators() -> None:
    done = run("examples/own_validator.py")
    assert (done.returncode, done.stderr) == (0, "")
    assert "réservé aux numéros de La Réunion" in done.stdout
    assert "+262 692 12 34 56  → CODE" in done.stdout


def test_the_api_page_lists_all_that_is_public() -> None:
    """Each module without an underscore, and nothing else; a package of Django's own machinery aside."""
    source = ROOT / "src"
    modules = set()
    for path in source.rglob("*.py"):
        parts = path.relative_to(source).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        if not any(part.startswith("_") or part in {"migrations", "management", "templatetags"} for part in parts):
            modules.add(".".join(parts))
    listed = re.findall(r"^::: (\S+)$", (ROOT / "docs/api.md").read_text("utf-8"), re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert not [name for name in listed if "._" in name]
    of = {next(name for name in (one, one.rpartition(".")[0]) if name in modules) for one in listed}
    # Those that hold nothing but what others have.
    assert modules - of == {"educonnect_flow", "educonnect_flow.contrib", "educonnect_flow.contrib.django"}
