"""``python -m educonnect_flow``: the table drawn; the relay, the purge and the audit trail as processes."""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from educonnect_flow.engine._diagram import mermaid
from educonnect_flow.journeys import NAMES, journey_named


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m educonnect_flow", description="Tools around the activation.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    diagram = commands.add_parser("diagram", help="print the table of a journey as a Mermaid state diagram")
    diagram.add_argument("journey", nargs="?", default="ACTIVATION", choices=NAMES, help="default: %(default)s")
    diagram.set_defaults(run=_diagram)

    relay = commands.add_parser("relay", help="hand over the messages that wait, until SIGTERM")
    _takes_flow(relay)
    relay.add_argument("--threads", type=_count, default=1, metavar="N", help="messages at the same time (1)")
    relay.add_argument("--idle", type=_seconds, default=1.0, metavar="S", help="seconds to wait when none waits (1)")
    relay.add_argument("--report", type=_seconds, default=60.0, metavar="S", help="seconds between two counts (60)")
    relay.set_defaults(run=_relay)

    purge = commands.add_parser("purge", help="delete what is over for as long as the settings keep it, and end")
    _takes_flow(purge)
    purge.set_defaults(run=_purge)

    audit = commands.add_parser("audit", help="print the audit trail of all activations as lines of JSON")
    _takes_flow(audit)
    audit.add_argument("--after", type=int, default=0, metavar="N", help="from above this number on (0)")
    audit.set_defaults(run=_audit)

    records = commands.add_parser("import-records", help="put a school's export (SIECLE, ONDE, AAF) into a directory")
    records.add_argument("files", nargs="+", type=Path, metavar="FILE", help="the files of one export, raw or zipped")
    records.add_argument("--into", required=True, metavar="WHERE", help="an SQLite file, or postgresql://… or host=…")
    records.add_argument("--uai", metavar="UAI", help="the school's number; ONDE says none, an AAF may say several")
    records.add_argument("--school", metavar="NAME", help="its name as parents know it")
    records.add_argument(
        "--relation",
        choices=("legal_representative", "in_charge"),
        help="what persons are to pupils where the file does not say (ONDE); without it such links are refused",
    )
    records.add_argument("--today", type=_day, metavar="DAY", help="the day of the import, 2026-11-23 (the machine's)")
    records.add_argument(
        "--validators",
        type=_validators,
        metavar="MODULE:NAME",
        help="the host's Validators: numbers as in its form",
    )
    records.add_argument("--yes", action="store_true", help="replace newer records, and many more guardians, too")
    records.add_argument("--dry-run", action="store_true", help="only report")
    records.add_argument("--csv", type=Path, metavar="PATH", help="write the report there instead of printing it")
    records.set_defaults(run=_import_records)

    options = parser.parse_args(arguments)
    status: int = options.run(options)
    return status


def _takes_flow(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--flow", required=True, type=_flow, metavar="MODULE:NAME", help="the host's flow, or what makes it"
    )


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise ValueError
    return number


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no day such as 2026-11-23") from error


def _validators(text: str) -> Any:
    from educonnect_flow.validators import Validators

    found = _named(text)
    if not isinstance(found, Validators):
        raise argparse.ArgumentTypeError(f"{text!r} is no Validators")
    return found


def _named(text: str) -> Any:
    module, _, name = text.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"cannot import {text!r}: {error}") from error
    return found


def _flow(text: str) -> Any:
    from educonnect_flow.process import AnyFlow

    found = _named(text)
    if not isinstance(found, AnyFlow) and callable(found):
        try:
            found = found()
        except Exception as error:
            raise argparse.ArgumentTypeError(f"{text!r} failed: {type(error).__name__}: {error}") from error
    if not isinstance(found, AnyFlow):
        raise argparse.ArgumentTypeError(f"{text!r} is no flow and makes none")
    return found


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")


def _diagram(options: argparse.Namespace) -> int:
    sys.stdout.write(mermaid(journey_named(options.journey).table))
    return 0


def _relay(options: argparse.Namespace) -> int:
    from educonnect_flow import process

    _log_to_stderr()
    process.relay_command(options.flow, threads=options.threads, idle=options.idle, report=options.report)
    return 0


def _purge(options: argparse.Namespace) -> int:
    from educonnect_flow import process

    _log_to_stderr()
    process.purge(options.flow)
    return 0


def _audit(options: argparse.Namespace) -> int:
    from educonnect_flow import process

    try:
        for line in process.audit(options.flow, options.after):
            sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _import_records(options: argparse.Namespace) -> int:
    from educonnect_flow.people import Relation

    try:
        from educonnect_flow.importing import import_records
    except ImportError as error:
        sys.stderr.write(f"import-records needs the extra 'records': {error}\n")
        return 1

    return import_records(
        options.files,
        options.into,
        uai=options.uai,
        name=options.school,
        relation=Relation(options.relation) if options.relation else None,
        today=options.today,
        validators=options.validators,
        anyway=options.yes,
        dry_run=options.dry_run,
        report_to=options.csv,
    )


if __name__ == "__main__":
    raise SystemExit(main())
