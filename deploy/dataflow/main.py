"""What the launcher of the flex template calls: `depesche ingest` with the template's parameters."""

from __future__ import annotations

import sys

from pipeline.cli import main

OWN = {"--run_id": "--run-id", "--copies_window": "--copies-window"}
"""Names of parameters take no dash."""


def arguments(given: list[str]) -> list[str]:
    """Parameters as the launcher gives them (``--name=value``), as the command takes them."""
    parted = (one.partition("=") for one in given)
    return ["".join((OWN.get(name, name), sign, value)) for name, sign, value in parted]


if __name__ == "__main__":
    sys.exit(main(["ingest", *arguments(sys.argv[1:])]))
