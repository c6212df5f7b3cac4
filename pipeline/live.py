"""Live sources: rounds of fetching and looking into what came, until only pages are left; then the pages.

    sources → lists → what they list, once each → asked before? due? → pages
                ↑ lists in lists (DEPTH)                                ↓ redirects to other sites (HOPS)

Each round groups its requests by site, so that one worker asks a site. What a round learnt about hosts (robots, pace)
goes into the next one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.transforms.error_handling import ErrorHandler

from pipeline.config import Live
from pipeline.requests import (
    HOPS,
    LONGEST_WAIT,
    first_requests,
    normal,
    pending_request,
    rest,
    rules_of,
    visit_with_rules,
)
from transforms.discover.discover import DEPTH
from transforms.discover.transform import DiscoverPages
from transforms.elements import FetchRequest, Hints, HostFacts, Reject, Source, Visit, Visited
from transforms.fetch.freshness import ask_again_at
from transforms.fetch.transform import Answers, FetchPages
from transforms.fetch.visits import asked_url, visit_of_fault
from transforms.generation import StatePlan
from transforms.ledger.transform import FindHosts, FindPending, FindVisited, KeepHosts, KeepVisits
from transforms.reasons import Reason

_LISTS_BELOW = {"feed": 0, "sitemap": 1, "opml": 2}


class Found(NamedTuple):
    """What the live sources of a run gave.

    Args:
        pages: for each round the responses to requests for pages (`Fetched`); their bodies stay where they came in.
        archives: responses that are archives (`FetchedArchive`).
        documents: those that lists carry themselves (`Page`).
        unchanged: the address of each list or page that has nothing new, or was not asked yet again.
        files: what the next run will know of addresses and hosts; None without a state.
    """

    pages: tuple[beam.PCollection, ...]
    archives: beam.PCollection
    documents: beam.PCollection
    unchanged: beam.PCollection
    files: beam.PCollection | None


class _Crawl:
    """The rounds of one graph, and what is collected from all of them."""

    def __init__(
        self, p: beam.Pipeline, live: Live, at: datetime, plan: StatePlan | None, rejects: ErrorHandler
    ) -> None:
        self._p, self._live, self._at, self._plan, self._rejects = p, live, at, plan, rejects
        self._known = plan if plan and plan.base else None
        none = p | "NoFacts" >> beam.Create([]).with_output_types(HostFacts)
        self._facts = [p | "FindHosts" >> FindHosts(self._known) if self._known else none]
        self._visits: list[beam.PCollection] = []
        self._unchanged: list[beam.PCollection] = []

    def found(self) -> Found:
        """Build all rounds."""
        first = self._p | "Sources" >> beam.Create(list(first_requests(self._live.sources))).with_output_types(
            FetchRequest
        )
        lists = first | "Lists" >> beam.Filter(lambda request: request.kind != "page")
        pages = [first | "Pages" >> beam.Filter(lambda request: request.kind == "page")]
        archives, documents = [], []
        rounds = _rounds(self._live.sources)
        for depth in range(rounds):
            answers = self._fetch(self._once(lists, f"Lists{depth}"), f"FetchLists{depth}")
            archives.append(answers.archives)
            self._visits.append(
                answers.archives | f"Archives{depth}Visits" >> beam.Map(visit_with_rules).with_output_types(Visit)
            )
            found = answers.fetched | f"Discover{depth}" >> DiscoverPages(self._at, self._rejects)
            pages.append(found.pages)
            documents.append(found.documents)
            lists = (found.lists, answers.redirected) | f"NextLists{depth}" >> beam.Flatten()
        self._reject_rest(lists, "RestOfLists", Reason.REDIRECTS, f"more than {rounds} lists and sites on the way")
        return self._pages(pages, archives, documents)

    def _pages(
        self, pages: list[beam.PCollection], archives: list[beam.PCollection], documents: list[beam.PCollection]
    ) -> Found:
        if self._known:
            pages.append(
                self._p
                | "FindPending" >> FindPending(self._known)
                | "AskPending" >> beam.FlatMap(pending_request, self._live.sources).with_output_types(FetchRequest)
            )
        asked = self._once(pages | "AllPages" >> beam.Flatten(), "Pages")
        fetched = []
        for hop in range(HOPS):
            answers = self._fetch(asked, f"FetchPages{hop}")
            fetched.append(answers.fetched)
            self._visits.append(
                answers.rejects | f"Faults{hop}" >> beam.FlatMap(_fault_visits).with_output_types(Visit)
            )
            asked = answers.redirected
        self._reject_rest(asked, "RestOfPages", Reason.REDIRECTS, f"through more than {HOPS} sites")
        return Found(
            tuple(fetched),
            archives | "AllArchives" >> beam.Flatten(),
            documents | "AllDocuments" >> beam.Flatten(),
            self._unchanged | "AllUnchanged" >> beam.Flatten(),
            self._files(),
        )

    def _once(self, requests: beam.PCollection, name: str) -> beam.PCollection:
        """Each address once, with the validators of an earlier run, and only if it is due."""
        requests = requests | f"{name}Normal" >> beam.Map(normal).with_output_types(FetchRequest)
        sides = {
            "requests": requests
            | f"{name}ByAddress"
            >> beam.Map(lambda one: (asked_url(one), one)).with_output_types(tuple[str, FetchRequest])
        }
        if self._known:
            urls = requests | f"{name}Address" >> beam.Map(asked_url).with_output_types(str)
            sides["visited"] = urls | f"{name}Visited" >> FindVisited(self._known)
        due = (
            sides
            | f"{name}Once" >> beam.CoGroupByKey()
            | f"{name}Due" >> beam.ParDo(_DueDoFn(self._at)).with_outputs("unchanged", main="due")
        )
        self._unchanged.append(due["unchanged"])
        asked = due["due"]
        asked.element_type = FetchRequest
        return asked

    def _fetch(self, requests: beam.PCollection, name: str) -> Answers:
        facts = self._facts | f"{name}Facts" >> beam.Flatten()
        fetch = FetchPages(self._live.policy, self._live.spool_dir, self._rejects)
        answers: Answers = {"requests": requests, "facts": facts} | name >> fetch
        self._facts.append(answers.facts)
        for kind, some in (("Fetched", answers.fetched), ("Unchanged", answers.unchanged)):
            self._visits.append(some | f"{name}{kind}Visits" >> beam.Map(visit_with_rules).with_output_types(Visit))
        self._unchanged.append(
            answers.unchanged | f"{name}Unchanged" >> beam.Map(lambda fetched: fetched.url).with_output_types(str)
        )
        return answers

    def _files(self) -> beam.PCollection | None:
        if self._plan is None:
            return None
        return (
            self._visits | "Visits" >> beam.Flatten() | "KeepVisits" >> KeepVisits(self._plan, ask_again_at),
            self._facts | "Facts" >> beam.Flatten() | "KeepHosts" >> KeepHosts(self._plan),
        ) | "LedgerFiles" >> beam.Flatten()

    def _reject_rest(self, requests: beam.PCollection, name: str, reason: Reason, detail: str) -> None:
        self._rejects.add_error_pcollection(requests | name >> beam.Map(rest, reason, detail).with_output_types(Reject))


def read_live(p: beam.Pipeline, live: Live, at: datetime, plan: StatePlan | None, rejects: ErrorHandler) -> Found:
    """Put the fetching of a run's live sources into its graph.

    Args:
        at: the start of the run, which ages and what is due are counted from.
        plan: what is known from earlier runs.
        rejects: collects the rejects of the whole run.
    """
    return _Crawl(p, live, at, plan, rejects).found()


def _rounds(sources: Iterable[Source]) -> int:
    """How many rounds lists take: as deep as the sources may lead, and one more for a list that moved to another site.

    Every round is a part of the graph, and costs its share of a second in each run.
    """
    below = max((_LISTS_BELOW.get(source.kind, 0) for source in sources), default=0)
    return min(below + 1, DEPTH) + 1


class _DueDoFn(beam.DoFn):
    def __init__(self, at: datetime) -> None:
        self._at = at

    def process(self, group: tuple[str, dict[str, Iterable[Any]]]) -> Iterator[Any]:
        url, sides = group
        requests = list(sides["requests"])
        if not requests:
            return
        # Of several lists that have it, one that says more of it; then by name, so that a retry does the same.
        request = min(requests, key=lambda one: (one.hints == Hints(), one.source.name, repr(one)))
        if request.kind != "page":  # one that several sources have is asked for once, and looked into for each
            others = {repr(one.source): one.source for one in requests if one.source != request.source}
            request = dataclasses.replace(request, also=tuple(others[name] for name in sorted(others)))
        visited: Visited | None = next(iter(sides.get("visited", ())), None)
        if visited is None or visited.rules != rules_of(request):
            yield request
        elif self._at < visited.ask_again_at <= self._at + LONGEST_WAIT:  # later than that a clock was wrong
            yield beam.pvalue.TaggedOutput("unchanged", url)
        else:
            yield dataclasses.replace(request, validators=visited.validators)


def _fault_visits(reject: Reject) -> Iterator[Visit]:
    found = visit_of_fault(reject)
    if found is not None:
        yield found
