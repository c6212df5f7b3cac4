"""The windows of a stream, from where they lie ready to where readers find them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from apache_beam.io.filesystems import FileSystems

from transforms.write.windows import PREFIX, manifest_name

PART = ".part"


def manifests(directory: str, window: str = "") -> list[str]:
    """The names of a run's manifests, in order.

    Args:
        window: only of this one, and what was written of it later.
    """
    if Path(directory).is_dir():  # after weeks there are many files, and Beam asks for the size of each
        with os.scandir(directory) as entries:
            names = [entry.name for entry in entries]
        return sorted(name for name in names if name.startswith(f"{PREFIX}{window}") and name.endswith(".json"))
    found = FileSystems.match([FileSystems.join(directory, f"{PREFIX}{window}*.json")])[0].metadata_list
    return sorted(file.path.replace("\\", "/").rsplit("/", 1)[-1] for file in found)


def read_manifest(directory: str, name: str) -> dict[str, Any]:
    """A window's manifest."""
    with FileSystems.open(FileSystems.join(directory, name)) as stream:
        row: dict[str, Any] = json.loads(stream.read())
    return row


def publish(directory: str, part: str) -> None:
    """Move the files of a window that is committed to their places, its manifest last; what is moved already, is.

    Args:
        directory: of the run.
        part: where the manifest lies, and what is to be moved.
    """
    with FileSystems.open(part) as stream:
        row = json.loads(stream.read())
    for source, name in row["moves"].items():
        if FileSystems.exists(source):
            FileSystems.rename([source], [FileSystems.join(directory, name)])
    path = FileSystems.join(directory, manifest_name(json.loads(row["manifest"])["window"]))
    with FileSystems.create(f"{path}.whole{PART}") as stream:
        stream.write(row["manifest"].encode())
    FileSystems.rename([f"{path}.whole{PART}"], [path])
    FileSystems.delete([part])
