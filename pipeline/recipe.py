"""The order of things: what a document goes through on its way to a record."""

from __future__ import annotations

import apache_beam as beam
from apache_beam.transforms.error_handling import CollectingErrorHandler

from pipeline.config import RunConfig
from pipeline.live import read_live
from pipeline.run import facts
from pipeline.state import plan_state
from transforms.clean.transform import CleanText
from transforms.copies.transform import MergeCopies
from transforms.extract.transform import ExtractArticles
from transforms.fetch.transform import MakePages
from transforms.language.transform import DetectLanguage
from transforms.ledger.transform import CommitGeneration, FindKnown, KeepKnown
from transforms.read.archive_transform import ReadArchives
from transforms.read.transform import ReadInputs
from transforms.wire.transform import MarkWire
from transforms.write.transform import CommitRun, Ended, MakeRecords


def build(p: beam.Pipeline, config: RunConfig) -> None:
    """Put the whole graph of a batch run into a pipeline.

    From reading to the record everything fuses into one stage, so that a page's bytes never cross a shuffle. What
    leaves it is the record under its id, and a sketch beside it. Every input ends as an article, a copy, a reject or
    unchanged; the last step counts them and commits the run, and with it what the next one will know.
    """
    state = plan_state(config)
    with CollectingErrorHandler() as rejects:
        found = read_live(p, config.live, config.started_at, state, rejects) if config.live else None
        pages = {"Inputs": p | ReadInputs(config.inputs, config.max_bytes, rejects)} if config.inputs else {}
        if found:
            pages |= {
                f"Fetched{hop}": fetched | f"MakePages{hop}" >> MakePages(rejects)
                for hop, fetched in enumerate(found.pages)
            }
            pages["Listed"] = found.documents
            pages["Archived"] = found.archives | ReadArchives(config.max_bytes, rejects)
        # Taken apart where they came in: pages are large, and what is taken out of them is not.
        articles = [some | f"Extract{name}" >> ExtractArticles(rejects) for name, some in pages.items()]
        records = (
            (articles[0] if len(articles) == 1 else articles | "Articles" >> beam.Flatten())
            | CleanText(rejects)
            | MarkWire(rejects)
            | DetectLanguage(rejects)
            | MakeRecords(rejects)
        )
        merged = records | MergeCopies(state, records | FindKnown(state) if state and state.base else None)
        # Stories link what stands: merged.articles → the same articles with story_id.
    ended = Ended(merged.articles, merged.copies, rejects.output(), merged.unchanged)
    commit = None
    if state:
        files = [merged.files, merged.readings | KeepKnown(state), *([found.files] if found else [])]
        commit = CommitGeneration(state, files | "StateFiles" >> beam.Flatten())
    not_due = found.unchanged if found else None
    run = facts(config, p.options, state)
    _ = p | CommitRun(config.directory, run, tuple(pages.values()), ended, not_due, commit)
