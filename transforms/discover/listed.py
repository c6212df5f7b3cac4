"""What a list names, before the source's rules decide about it."""

from __future__ import annotations

from typing import NamedTuple

from transforms.elements import Hints, Page, Reject, SourceKind


class Listed(NamedTuple):
    """One entry of a list.

    Args:
        url: where it leads, absolute; None where it names no address.
        kind: what is expected there.
        hints: what the list says about it.
        content: the document itself, where the entry carries it and should, or why there is none.
        label: what the list calls it, where it is a list of its own.
    """

    url: str | None
    kind: SourceKind = "page"
    hints: Hints = Hints()
    content: Page | Reject | None = None
    label: str | None = None
