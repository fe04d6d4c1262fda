"""``python -m educonnect_flow diagram``: the table drawn as Mermaid."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from educonnect_flow.activation.table import TABLE
from educonnect_flow.machinery.diagram import mermaid


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m educonnect_flow", description="Tools around the activation.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    diagram = commands.add_parser("diagram", help="print the table of the activation as a Mermaid state diagram")
    diagram.set_defaults(text=lambda: mermaid(TABLE))
    sys.stdout.write(parser.parse_args(arguments).text())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
