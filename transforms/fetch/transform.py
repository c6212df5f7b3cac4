"""Requests to responses, each site by one worker, and all sites of a worker at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.transforms.error_handling import ErrorHandler
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue

from transforms import metrics
from transforms.elements import Fetched, FetchedArchive, FetchRequest, HostFacts, Page, Reject
from transforms.fetch.crawl import Outcome
from transforms.fetch.crawler import Crawler
from transforms.fetch.page import page_of
from transforms.fetch.policy import FetchPolicy
from transforms.fetch.site import site_of

MAX_OUTSTANDING = 20_000
"""Requests that a worker holds; a bundle of more is taken in as they are answered."""

_ARCHIVES, _FACTS, _REDIRECTED, _REJECTS, _UNCHANGED = "archives", "facts", "redirected", "rejects", "unchanged"


class Answers(NamedTuple):
    """What requests come to.

    Args:
        fetched: `Fetched` with a body.
        archives: `FetchedArchive`s; to be read where they were fetched.
        unchanged: `Fetched` with status 304.
        redirected: `FetchRequest`s for other sites, where redirects led.
        rejects: `Reject`s of the other ones; they have been handed to the run's handler.
        facts: `HostFacts` of every host that was asked.
    """

    fetched: beam.PCollection
    archives: beam.PCollection
    unchanged: beam.PCollection
    redirected: beam.PCollection
    rejects: beam.PCollection
    facts: beam.PCollection


class FetchPages(beam.PTransform):
    """``requests`` and the ``facts`` known of hosts to `Answers`.

    All requests to one site are one group, so that no two workers ever ask it. Inside of a worker one asyncio loop
    serves all sites of a bundle at once, each of its hosts at its own pace (see `transforms.fetch.crawler`).

    Args:
        policy: how requests are made.
        spool_dir: a local directory where responses are kept until the run is whole, so that it can be started again
            without fetching them again; None keeps none.
        rejects: collects the rejects of the whole run.
    """

    def __init__(self, policy: FetchPolicy, spool_dir: str | None, rejects: ErrorHandler) -> None:
        super().__init__()
        self._policy = policy
        self._spool_dir = spool_dir
        self._rejects = rejects

    def expand(self, given: dict[str, beam.PCollection]) -> Answers:  # noqa: D102
        requests = given["requests"] | "Site" >> beam.Map(lambda one: (site_of(one.url), one)).with_output_types(
            tuple[str, FetchRequest]
        )
        facts = given["facts"] | "SiteOfHost" >> beam.Map(lambda one: (site_of(one.origin), one)).with_output_types(
            tuple[str, HostFacts]
        )
        answers = (
            {"requests": requests, "facts": facts}
            | "BySite" >> beam.CoGroupByKey()
            | "Fetch"
            >> beam.ParDo(_FetchDoFn(self._policy, self._spool_dir)).with_outputs(
                _ARCHIVES, _FACTS, _REDIRECTED, _REJECTS, _UNCHANGED, main="fetched"
            )
        )
        for name, kind in (
            ("fetched", Fetched),
            (_ARCHIVES, FetchedArchive),
            (_UNCHANGED, Fetched),
            (_REDIRECTED, FetchRequest),
            (_REJECTS, Reject),
            (_FACTS, HostFacts),
        ):
            answers[name].element_type = kind
        self._rejects.add_error_pcollection(answers[_REJECTS])
        return Answers(
            answers["fetched"],
            answers[_ARCHIVES],
            answers[_UNCHANGED],
            answers[_REDIRECTED],
            answers[_REJECTS],
            answers[_FACTS],
        )


class _FetchDoFn(beam.DoFn):
    """One crawler a bundle: what ``process`` does not give out, ``finish_bundle`` waits for."""

    def __init__(self, policy: FetchPolicy, spool_dir: str | None) -> None:
        self._policy = policy
        self._spool_dir = spool_dir
        self._crawler: Crawler | None = None
        self._outstanding = 0

    def process(self, group: tuple[str, dict[str, Iterable[Any]]]) -> Iterator[Any]:
        _, sides = group
        requests = list(sides["requests"])
        if not requests:
            return  # facts of a site that is not asked again
        if self._crawler is None:
            self._crawler = Crawler(self._policy, self._spool_dir)
        self._crawler.submit(requests, sides["facts"])
        self._outstanding += len(requests)
        while True:
            outcomes = self._crawler.poll(block=self._outstanding > MAX_OUTSTANDING)
            self._outstanding -= len(outcomes)
            yield from map(_tagged, outcomes)
            if self._outstanding <= MAX_OUTSTANDING:
                break

    def finish_bundle(self) -> Iterator[Any]:
        if self._crawler is None:
            return
        try:
            for outcome in self._crawler.finish():
                tagged = _tagged(outcome)
                if isinstance(tagged, beam.pvalue.TaggedOutput):
                    yield beam.pvalue.TaggedOutput(tagged.tag, _windowed(tagged.value))
                else:
                    yield _windowed(tagged)
        finally:
            self._close()

    def teardown(self) -> None:
        self._close()

    def _close(self) -> None:
        if self._crawler is not None:
            self._crawler.close()
        self._crawler, self._outstanding = None, 0


class MakePages(beam.PTransform):
    """`Fetched` responses to the `Page`s in them.

    Args:
        rejects: collects what is no page.
    """

    def __init__(self, rejects: ErrorHandler) -> None:
        super().__init__()
        self._rejects = rejects

    def expand(self, fetched: beam.PCollection) -> beam.PCollection:  # noqa: D102
        made = fetched | "Make" >> beam.ParDo(_MakePageDoFn()).with_outputs(_REJECTS, main="pages")
        self._rejects.add_error_pcollection(made[_REJECTS])
        pages: beam.PCollection = made["pages"]
        pages.element_type = Page
        return pages


class _MakePageDoFn(beam.DoFn):
    def process(self, fetched: Fetched) -> Iterator[Any]:
        page = page_of(fetched)
        if isinstance(page, Reject):
            yield _tagged(page)
        else:
            metrics.documents_read().inc()
            yield page


def _tagged(outcome: Outcome | HostFacts) -> Any:
    if isinstance(outcome, Reject):
        metrics.rejected(outcome.stage, outcome.reason).inc()
        return beam.pvalue.TaggedOutput(_REJECTS, outcome)
    if isinstance(outcome, FetchRequest):
        return beam.pvalue.TaggedOutput(_REDIRECTED, outcome)
    if isinstance(outcome, FetchedArchive):
        return beam.pvalue.TaggedOutput(_ARCHIVES, outcome)
    if isinstance(outcome, HostFacts):
        return beam.pvalue.TaggedOutput(_FACTS, outcome)
    return beam.pvalue.TaggedOutput(_UNCHANGED, outcome) if outcome.status == 304 else outcome


def _windowed(value: Any) -> WindowedValue:
    return WindowedValue(value, GlobalWindow().max_timestamp(), [GlobalWindow()])
