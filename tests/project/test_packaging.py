"""What a newcomer installs: locks that are complete, an sdist that holds what the README needs, hooks that fetch nothing."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from tests import ROOT

LOCKS = ("requirements.lock", "examples/requirements.lock", "tests/lowest.lock")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def requirements(lock: str) -> list[tuple[Requirement, list[str]]]:
    """Each requirement of *lock*, with its hashes."""
    found = []
    for entry in re.split(r"\n(?=[a-z0-9])", (ROOT / lock).read_text("utf-8")):
        first, *more = entry.replace("\\\n", "\n").splitlines()
        hashes = [line.strip().removeprefix("--hash=") for line in more if line.strip().startswith("--hash=")]
        found.append((Requirement(first.strip()), hashes))
    return found


def command(heading: str) -> str:
    """The README's command below *heading*."""
    readme = (ROOT / "README.md").read_text("utf-8")
    found = re.search(rf"^## {heading}\n.*?```sh\n(.*?)\n```", readme, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


def test_what_is_installed_fits_together() -> None:
    done = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_one_version_with_hashes_for_everything(lock: str) -> None:
    found = requirements(lock)
    for requirement, hashes in found:
        assert re.fullmatch(r"==[^*,]+", str(requirement.specifier)), requirement
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes), requirement
    assert "http" not in re.sub(r"httpx|httpcore|httptools", "", (ROOT / lock).read_text("utf-8"))


def wanted(lock: str) -> set[Requirement]:
    """What ``pyproject.toml`` asks to be in *lock*."""
    groups, extras = PROJECT["dependency-groups"], PROJECT["project"]["optional-dependencies"]

    def group(name: str) -> list[str]:
        texts: list[str] = []
        for one in groups[name]:
            texts += [one] if isinstance(one, str) else group(one["include-group"])
        return texts

    chosen, names = {
        "requirements.lock": ("dev", tuple(extras)),
        "examples/requirements.lock": ("demo", ("django", "captcha")),
        "tests/lowest.lock": ("test", tuple(extras)),
    }[lock]
    texts = [*PROJECT["project"]["dependencies"], *group(chosen), *(text for name in names for text in extras[name])]
    return {Requirement(text) for text in texts}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_what_the_project_asks_for_with_its_extras(lock: str) -> None:
    pinned: dict[str, list[Requirement]] = {}
    for requirement, _ in requirements(lock):
        pinned.setdefault(requirement.name, []).append(requirement)
    for asked in wanted(lock):
        for found in pinned[asked.name]:
            assert asked.specifier.contains(str(found.specifier)[2:], prereleases=True), (asked, found)
            assert asked.extras <= found.extras, (asked, found)


def test_an_extra_that_a_locked_package_asks_for_is_in_the_lock() -> None:
    """Without it pip takes the package for one that is not pinned, as soon as a newer one is released."""
    pinned = {requirement.name: requirement for requirement, _ in requirements("requirements.lock")}
    for name in pinned:
        try:
            asked_by = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:  # for another system or Python
            continue
        for text in asked_by:
            asked = Requirement(text)
            if asked.extras and (asked.marker is None or asked.marker.evaluate({"extra": ""})):
                assert asked.extras <= pinned[asked.name.lower()].extras, f"{name} asks for {asked}"


def test_the_examples_are_tried_with_what_the_tests_were_run_with() -> None:
    everything = {(one.name, str(one.specifier)): hashes for one, hashes in requirements("requirements.lock")}
    for one, hashes in requirements("examples/requirements.lock"):
        assert everything[one.name, str(one.specifier)] == hashes


@pytest.mark.parametrize(
    ("heading", "lock"), [("Try it", "examples/requirements.lock"), ("Run the tests", "requirements.lock")]
)
def test_a_command_of_the_readme_resolves_nothing_and_shows_its_progress(heading: str, lock: str) -> None:
    steps = command(heading).split(" && ")
    installs = [step for step in steps if "pip install" in step]
    assert f"-r {lock}" in installs[0]
    assert "--require-hashes" in installs[0]
    assert all("--no-deps" in step and " -q" not in step for step in installs)
    assert "--no-build-isolation" in installs[1]


def test_the_sdist_holds_what_the_readme_needs(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)]
    subprocess.run(build, check=True, capture_output=True, cwd=ROOT)
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    readme = (ROOT / "README.md").read_text("utf-8")
    linked = {target for target in re.findall(r"\]\(([^)#:]+)\)", readme) if not target.endswith("/")}
    commands = set(re.findall(r"[\w/.-]+\.(?:lock|py)\b", command("Try it") + command("Run the tests")))
    assert commands >= {"requirements.lock", "examples/requirements.lock", "examples/activate.py"}
    assert linked | commands | {"noxfile.py", "mkdocs.yml", ".ci/run", ".pre-commit-config.yaml", "LICENSE"} <= names
    assert not [name for name in names if re.search(r"(^|/)(__pycache__|\.venv|\.nox|\.git)/|\.pyc$|\.db$", name)]


def test_the_metadata_names_an_author_the_frameworks_and_the_pythons_that_were_run() -> None:
    metadata = importlib.metadata.metadata("educonnect-flow")
    assert metadata["Author"]
    classifiers = metadata.get_all("Classifier") or []
    assert {"Framework :: Django", "Framework :: FastAPI"} <= set(classifiers)
    pythons = [text.rpartition(" :: ")[2] for text in classifiers if re.search(r":: 3\.\d+$", text)]
    readme = (ROOT / "README.md").read_text("utf-8")
    assert pythons == re.findall(r"\b(3\.\d+)\.\d+\b", readme)
    assert not re.search(r"(pypi|pythonhosted|npmjs)\.(org|com)", str(metadata))


def test_hooks_are_local_and_sessions_exist() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    assert [repository["repo"] for repository in config["repos"]] == ["local"]
    sessions = set(re.findall(r"^def ([a-z][a-z_]*)\(session", (ROOT / "noxfile.py").read_text("utf-8"), re.MULTILINE))
    sessions = {name.rstrip("_") for name in sessions}
    for hook in config["repos"][0]["hooks"]:
        assert re.fullmatch(r"\.venv/bin/nox -s ([a-z]+)( -- --check)?", hook["entry"])
        assert hook["entry"].split()[2] in sessions
    contributing = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    named = {name for words in re.findall(r"-s ([a-z_ ]+)", contributing) for name in words.split()}
    ci = re.search(r"for session in ([a-z_ ]+);", (ROOT / ".ci/run").read_text("utf-8"))
    assert ci is not None
    assert set(ci[1].split()) | named <= sessions
    assert sessions - {"mutate"} <= named | set(ci[1].split())
