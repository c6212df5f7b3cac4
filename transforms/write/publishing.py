"""The windows of a stream, from where they lie ready to where readers find them."""

from __future__ import annotations

import json
from threading import Lock

from apache_beam.io.filesystems import FileSystems

from transforms.write.windows import PREFIX

WAITING = "waiting.json"
"""Names the windows that wait for a checkpoint."""

PART = ".part"

_PUBLISHING = Lock()


def publish_all(directory: str, parts: list[str]) -> None:
    """Publish windows, but for those that are published already."""
    with _PUBLISHING:  # checkpoints follow each other closely
        for part in parts:
            if FileSystems.exists(part):
                publish(directory, part)


def publish_waiting(directory: str) -> None:
    """Publish what waits for a checkpoint, of a stream that has come to its end."""
    path = FileSystems.join(directory, WAITING)
    if FileSystems.exists(path):
        with FileSystems.open(path) as stream:
            publish_all(directory, json.loads(stream.read()))
        FileSystems.delete([path])


def name_of(part: str) -> str:
    """Of the manifest that waits under a path."""
    return part.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 2)[0]


def manifests(directory: str) -> list[str]:
    """The names of a run's windows' manifests, in order."""
    found = FileSystems.match([FileSystems.join(directory, f"{PREFIX}*.json")])[0].metadata_list
    return sorted(file.path.replace("\\", "/").rsplit("/", 1)[-1] for file in found)


def publish(directory: str, part: str) -> None:
    """Move the files of a window that is committed to their places, its manifest last; what is moved already, is.

    Args:
        directory: of the run.
        part: the path of the manifest beside its place.
    """
    with FileSystems.open(part) as stream:
        row = json.loads(stream.read())
    for source, name in row["moves"].items():
        if FileSystems.exists(source):
            FileSystems.rename([source], [FileSystems.join(directory, name)])
    path = FileSystems.join(directory, row["name"])
    with FileSystems.create(f"{path}.whole{PART}") as stream:
        stream.write(row["manifest"].encode())
    FileSystems.rename([f"{path}.whole{PART}"], [path])
    FileSystems.delete([part])
