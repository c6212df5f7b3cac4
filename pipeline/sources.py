"""The sources file: YAML to frozen specs, or every mistake at once, each with its line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path

from pipeline import marked_yaml
from pipeline.config import UsageError
from pipeline.marked_yaml import Problem
from pipeline.sources_keys import FETCH, Checker
from pipeline.values import checked_user_agent, shown_duration
from transforms.elements import Source
from transforms.fetch.policy import FetchPolicy

MAX_FILE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class SourcesFile:
    """A sources file without mistakes.

    Args:
        contact: an http, https or mailto: address of whoever runs this.
        fetch: how to fetch, with the user agent that names the contact.
        sources: at least one; their names are distinct.
    """

    contact: str
    fetch: FetchPolicy
    sources: tuple[Source, ...]


def load(path: Path) -> SourcesFile:
    """The sources file at a local path; `UsageError` with all its mistakes, one a line."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    found = read_sources(content)
    if isinstance(found, SourcesFile):
        return found
    count = "1 mistake" if len(found) == 1 else f"{len(found)} mistakes"
    raise UsageError(f"{path}: {count}\n{problems_text(str(path), found)}")


def problems_text(name: str, problems: Sequence[Problem]) -> str:
    """``FILE:LINE: message`` lines, as editors and compilers' users know them."""
    return "\n".join(f"{name}:{line}: {message}" for line, message in problems)


def summary_text(file: SourcesFile) -> str:
    """One line for each source: name, kind, cadence and addresses."""
    width = max(len(source.name) for source in file.sources)
    return "\n".join(
        f"{source.name:{width}}  {source.kind:7}  every {shown_duration(source.every_s):4}  {' '.join(source.urls)}"
        for source in file.sources
    )


def read_sources(content: bytes) -> SourcesFile | tuple[Problem, ...]:
    """The file's content, or its mistakes by line. After an error of YAML's syntax the rest cannot be read."""
    if len(content) > MAX_FILE_BYTES:
        return (Problem(1, f"longer than {MAX_FILE_BYTES:,} bytes; split it"),)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        return (Problem(content.count(b"\n", 0, error.start) + 1, "not UTF-8; save the file as UTF-8"),)
    root, problems = marked_yaml.parse(text)
    if root is None:
        return tuple(problems) or (Problem(1, "holds nothing; seeds/sources.yaml shows what a sources file holds"),)
    values = Checker(problems).file(root)
    if problems:
        return tuple(sorted(problems))
    fetch = FetchPolicy(user_agent=_user_agent(values["contact"]), **values.get("fetch", {}))
    return SourcesFile(values["contact"], fetch, tuple(Source(**source) for source in values["sources"]))


def override(
    file: SourcesFile,
    *,
    user_agent: str | None = None,
    per_host_delay: str | None = None,
    timeout: str | None = None,
    max_bytes: str | None = None,
    max_redirects: str | None = None,
    retries: str | None = None,
    respect_robots: str | None = None,
    allow_private: str | None = None,
) -> SourcesFile:
    """The file with what the command line says in place of its `fetch` values; `UsageError` names a bad option."""
    given = {
        "per_host_delay": per_host_delay,
        "timeout": timeout,
        "max_bytes": max_bytes,
        "max_redirects": max_redirects,
        "retries": retries,
        "respect_robots": respect_robots,
        "allow_private": allow_private,
    }
    changes = {
        FETCH[key].field: FETCH[key].parse(text, "--" + key.replace("_", "-"))
        for key, text in given.items()
        if text is not None
    }
    if user_agent is not None:
        changes["user_agent"] = checked_user_agent(user_agent, "--user-agent")
    return replace(file, fetch=replace(file.fetch, **changes))


def _user_agent(contact: str) -> str:
    try:
        product = f"Depesche/{metadata.version('depesche')}"
    except metadata.PackageNotFoundError:  # run from a checkout that is not installed
        product = "Depesche"
    return f"{product} (+{contact})"
