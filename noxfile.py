"""One word for each task: ``.venv/bin/nox -s lint``; ``.venv/bin/nox -l`` lists them.

The sessions use the Python that runs nox, the one in ``.venv`` that the README's test command makes.  Those that try
other Pythons make environments of their own below ``.nox``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["tests", "lint", "types", "pages"]
nox.needs_version = ">=2024.4"

ROOT = Path(__file__).parent
PYTHON = sys.executable
OTHERS = ("3.12", "3.13")
"""Pythons that the README names beside the first, 3.11."""
SMALL = {"TEST_PROFILE": "small"}
"""Few examples, no PostgreSQL: see tests/conftest.py."""
EXTRAS = ("testing", "postgres", "apprise", "altcha", "captcha", "django", "fastapi", "records")
LOWEST = "tests/lowest.lock"
PYRIGHT = "tests/pyright.lock"
REGISTRIES = r"(pypi|pythonhosted|npmjs|debian)\.(org|com)"


# --- the three classes of tests --------------------------------------------------------------------


@nox.session
def tests(session: nox.Session) -> None:
    """Class "default": about two minutes.  Branch coverage must be 100 %."""
    session.run(PYTHON, "-m", "pytest", *(session.posargs or ["--cov"]))


@nox.session
def ci_tests(session: nox.Session) -> None:
    """Class "CI": longer tests and the browser; .ci/run runs them too."""
    session.run(PYTHON, "-m", "pytest", "-rs", "-m", "ci", *session.posargs)


@nox.session
def by_hand(session: nox.Session) -> None:
    """Class "by hand": once per release; the figures that it prints go into the docs.  With a file: that one alone."""
    session.run(PYTHON, "-m", "pytest", "-s", "-m", "by_hand", *session.posargs)
    if session.posargs:
        return
    session.run(
        PYTHON, "-m", "tests.benchmarks",
        "--rows", "1000000", "--homonyms", "100000", "--seconds", "5", "--samples", "2000",
    )  # fmt: skip
    session.run(PYTHON, "-m", "tests.benchmarks.records", "--families", "575000")


# --- other Pythons, lowest versions ----------------------------------------------------------------


@nox.session
@nox.parametrize("version", OTHERS)
def python(session: nox.Session, version: str) -> None:
    """The default tests, in the small profile, from the sdist, on another Python."""
    _suite(session, version, "requirements.lock")


@nox.session
def lowest(session: nox.Session) -> None:
    """The same with the lowest versions that pyproject.toml allows."""
    _suite(session, f"{sys.version_info.major}.{sys.version_info.minor}", LOWEST)


def _suite(session: nox.Session, version: str, lock: str) -> None:
    found = interpreter(version)
    if found is None:
        session.skip(f"Python {version} is not on this machine")
        return
    place = Path(session.create_tmp()).resolve()
    shutil.rmtree(place)
    place.mkdir()
    session.run(PYTHON, "-m", "hatchling", "build", "-t", "sdist", "-d", str(place), silent=True)
    with tarfile.open(next(place.glob("*.tar.gz"))) as archive:
        archive.extractall(place, filter="data")
    unpacked = next(path for path in place.iterdir() if path.is_dir())
    session.run(found, "-m", "venv", str(place / "env"))
    inside = str(place / "env/bin/python")
    install = (inside, "-m", "pip", "install", "--progress-bar", "off", "--no-deps")
    session.run(*install, "--require-hashes", "-r", str(unpacked / lock), silent=True)
    session.run(*install, "--no-build-isolation", str(unpacked), silent=True)
    session.run(inside, "--version")
    with session.chdir(unpacked):
        session.run(inside, "-m", "pytest", *session.posargs, env=SMALL)


def interpreter(version: str) -> str | None:
    """The path of Python *version* here; ``None`` when there is none.

    A name on PATH proves nothing: pyenv's names exist for every Python it keeps and fail until it is told which one.
    """
    tries = [dict(os.environ)]
    if shutil.which("pyenv"):
        kept = subprocess.run(["pyenv", "versions", "--bare"], capture_output=True, text=True, check=False)  # noqa: S607 - from PATH
        names = [name for name in kept.stdout.split() if re.fullmatch(re.escape(version) + r"\.\d+", name)]
        tries += [{**os.environ, "PYENV_VERSION": name} for name in reversed(names)]
    for environment in tries:
        try:
            asked = subprocess.run(
                [f"python{version}", "-c", "import sys; print(sys.executable)"],
                env=environment, capture_output=True, text=True, check=True,
            )  # fmt: skip
        except (OSError, subprocess.CalledProcessError):
            continue
        return asked.stdout.strip()
    return None


# --- what is read, not run -------------------------------------------------------------------------


@nox.session
def lint(session: nox.Session) -> None:
    """Lint, format, import rules, and no address of a package registry."""
    session.run(PYTHON, "-m", "ruff", "check", ".")
    session.run(PYTHON, "-m", "ruff", "format", "--check", ".")
    session.run(str(Path(PYTHON).with_name("lint-imports")))
    if (ROOT / ".git").exists():
        tracked = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, check=True, cwd=ROOT)  # noqa: S607 - from PATH
        for name in filter(None, tracked.stdout.split("\0")):
            text = (ROOT / name).read_bytes().decode("utf-8", "replace") if (ROOT / name).is_file() else ""
            if name.endswith("uv.lock") or (name != "noxfile.py" and re.search(REGISTRIES, text)):
                session.error(f"{name} holds the address of a package registry")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types, strictly."""
    session.run(PYTHON, "-m", "mypy", *session.posargs)


@nox.session
def pyright(session: nox.Session) -> None:
    """See with pyright too that the views are typed by state; it comes from a lock of its own, for it is large."""
    place = Path(session.create_tmp()).resolve() / "env"
    session.run(PYTHON, "-m", "venv", "--clear", str(place))
    install = (str(place / "bin/python"), "-m", "pip", "install", "--progress-bar", "off", "--no-deps")
    session.run(*install, "--require-hashes", "-r", PYRIGHT, silent=True)
    session.run(
        PYTHON, "-m", "pytest", "-m", "ci", "tests/typing/test_views.py", "-k", "pyright",
        env={"PYRIGHT": str(place / "bin/basedpyright")},
    )  # fmt: skip


@nox.session(name="format")
def format_(session: nox.Session) -> None:
    """Format the code, and mend what ruff can mend."""
    session.run(PYTHON, "-m", "ruff", "check", "--fix", ".")
    session.run(PYTHON, "-m", "ruff", "format", ".")


# --- pages, examples, figures ----------------------------------------------------------------------


@nox.session
def pages(session: nox.Session) -> None:
    """Make the generated pages; with ``-- --check`` only say which is stale."""
    session.run(PYTHON, "docs/generate.py", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the docs into ``site/``; a warning is an error, a stale generated page too."""
    session.run(PYTHON, "docs/generate.py", "--check")
    session.run(str(Path(PYTHON).with_name("zensical")), "build", "--strict", "--clean")


@nox.session
def examples(session: nox.Session) -> None:
    """Run the example scripts."""
    session.run(PYTHON, "examples/activate.py", "--auto", silent=True)
    session.run(PYTHON, "examples/own_validator.py")


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Measure on a small scale: that the benchmarks run.  All figures: session ``by_hand``."""
    session.run(PYTHON, "-m", "tests.benchmarks", *session.posargs)


@nox.session
def screenshots(session: nox.Session) -> None:
    """Make the pictures of the docs; needs the system's package ``chromium``."""
    session.run(PYTHON, "-m", "pytest", "-m", "ci", "tests/hosts/test_browser.py", env={"SCREENSHOTS": "1"})


# --- files that are made -----------------------------------------------------------------------------


@nox.session
def catalogues(session: nox.Session) -> None:
    """Compile the French and English catalogues."""
    for folder, domain in (
        ("src/educonnect_flow/locale", "educonnect_flow"),
        ("src/educonnect_flow/contrib/django/locale", "django"),
        ("examples/django_host/locale", "django"),
    ):
        session.run(str(Path(PYTHON).with_name("pybabel")), "compile", "-d", folder, "-D", domain)


@nox.session
def stored(session: nox.Session) -> None:
    """Store what the present version writes, before its schema is raised."""
    session.run(PYTHON, "-m", "tests.stored")


@nox.session
def lock(session: nox.Session) -> None:
    """Renew the four locks; needs ``uv`` on PATH."""
    extras = [word for extra in EXTRAS for word in ("--extra", extra)]
    compiled = (
        "uv", "pip", "compile", "--generate-hashes", "--no-strip-extras", "--no-emit-index-url", "--no-header",
        "--python-version", "3.11", "--quiet", "pyproject.toml",
    )  # fmt: skip
    session.run(*compiled, *session.posargs, "--universal", *extras, "--group", "dev", "-o", "requirements.lock")
    session.run(
        *compiled, "--universal", "--extra", "django", "--extra", "captcha", "--group", "demo",
        "-c", "requirements.lock", "-o", "examples/requirements.lock",
    )  # fmt: skip
    tool = Path(session.create_tmp()) / "pyright.in"
    tool.write_text("basedpyright\n")  # pyright itself downloads its code when it first runs
    session.run(*compiled[:-1], str(tool), "--universal", "--no-annotate", "-o", PYRIGHT)
    # What the tests themselves need comes in the versions of the first lock; what the library needs in its lowest.
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups, extras_of = project["dependency-groups"], project["project"]["optional-dependencies"]
    library = _names(project["project"]["dependencies"], *extras_of.values())
    tools = _names(groups["demo"], groups["test"]) - library
    pinned = re.findall(r"^([a-z0-9-]+)(?:\[.*?\])?(==\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    bounds = Path(session.create_tmp()) / "tools.txt"
    bounds.write_text("".join(f"{name}{version}\n" for name, version in pinned if name in tools))
    session.run(
        *compiled, "--resolution", "lowest-direct", *extras, "--group", "test", "-c", str(bounds), "--no-annotate",
        "-o", LOWEST,
    )  # fmt: skip


def _names(*requirements: list[str | dict[str, str]]) -> set[str]:
    """The names of the packages in several lists; a group that is included is none."""
    texts = [one for many in requirements for one in many if isinstance(one, str)]
    return {re.split(r"[^A-Za-z0-9-]", text, maxsplit=1)[0].lower() for text in texts}


# --- by hand, in a clone -------------------------------------------------------------------------------


@nox.session
def mutate_table(session: nox.Session) -> None:
    """Change each row of the table in turn; a test must fail for each (a quarter of an hour)."""
    session.run(PYTHON, "-m", "tests.mutate_table")


@nox.session
def mutate(session: nox.Session) -> None:
    """Change guards, effects, validators and counters; needs ``mutmut`` in ``.venv``; run it in a clone."""
    session.run(str(Path(PYTHON).with_name("mutmut")), "run")


@nox.session
def fuzz(session: nox.Session) -> None:
    """Fuzz the parsers; needs ``atheris`` in ``.venv``."""
    session.run(PYTHON, "-m", "tests.fuzz", *(session.posargs or ["-max_total_time=600"]))
