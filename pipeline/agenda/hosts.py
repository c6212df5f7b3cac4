"""What is learnt about hosts, told when it is news and else every few minutes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from pipeline.agenda.log import Change, Log
from transforms.elements import HostFacts

TOLD_EVERY_S = 300.0
_KEPT_S = 86_400.0


class HostNews:
    """For each host when it was last told of, and its pace then; its robots.txt is not kept here."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._told: dict[str, tuple[float, datetime | None, datetime | None, datetime | None]] = {}
        self._untold: dict[str, HostFacts] = {}

    def __len__(self) -> int:
        return len(self._told)

    def told(self, found: Iterable[HostFacts], now: datetime) -> list[HostFacts]:
        """What is to be told now, of what was found now and before."""
        now_s = now.timestamp()
        self._untold |= {facts.origin: facts for facts in found}
        told = []
        for facts in list(self._untold.values()):
            at_s, robots_at = self._told.get(facts.origin, (now_s, None, None, None))[:2]
            is_old = now_s - at_s >= TOLD_EVERY_S
            if facts.origin not in self._told and facts.robots_at is None:  # its robots.txt is still to come
                self._note(facts, now_s)
            elif facts.robots_at != robots_at or is_old:
                self._note(facts, now_s)
                del self._untold[facts.origin]
                told.append(facts)
        return told

    def forget(self, now: datetime) -> None:
        """Drop hosts that nothing was told of for a day."""
        for origin in [origin for origin, told in self._told.items() if now.timestamp() - told[0] > _KEPT_S]:
            del self._told[origin]
            self._log.put("host", origin, None)

    def paces(self) -> Iterator[HostFacts]:
        """For whoever fetches in place of the one who did: when each host was last asked, and until when it rests."""
        for origin, (_, _, last_start_at, not_before) in self._told.items():
            yield HostFacts(origin, last_start_at=last_start_at, not_before=not_before)

    def changes(self) -> Iterator[Change]:
        """All that there is."""
        for origin, told in self._told.items():
            yield "host", origin, told

    def restore(self, kept: dict[str, Any]) -> None:
        """Take over what was noted."""
        self._told.update(kept)

    def _note(self, facts: HostFacts, now_s: float) -> None:
        self._told[facts.origin] = now_s, facts.robots_at, facts.last_start_at, facts.not_before
        self._log.put("host", facts.origin, self._told[facts.origin])
