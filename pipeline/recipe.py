"""The order of things: what a document goes through on its way to a record."""

from __future__ import annotations

import apache_beam as beam
from apache_beam.transforms.error_handling import CollectingErrorHandler

from pipeline.config import RunConfig
from pipeline.run import facts
from pipeline.state import plan_state
from transforms.clean.transform import CleanText
from transforms.copies.transform import MergeCopies
from transforms.extract.transform import ExtractArticles
from transforms.language.transform import DetectLanguage
from transforms.ledger.transform import CommitGeneration, FindKnown, KeepKnown
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
        # Live sources come in here: discover → fetch → the same pages.
        pages = p | ReadInputs(config.inputs, config.max_bytes, rejects)
        records = (
            pages
            | ExtractArticles(rejects)
            | CleanText(rejects)
            | MarkWire(rejects)
            | DetectLanguage(rejects)
            | MakeRecords(rejects)
        )
        merged = records | MergeCopies(state, records | FindKnown(state) if state else None)
        # Stories link what stands: merged.articles → the same articles with story_id.
    ended = Ended(merged.articles, merged.copies, rejects.output(), merged.unchanged)
    commit = None
    if state and merged.files:
        files = (merged.files, merged.readings | KeepKnown(state)) | "StateFiles" >> beam.Flatten()
        commit = CommitGeneration(state, files)
    _ = p | CommitRun(config.directory, facts(config, p.options, state), pages, ended, commit)
