"""The order of things: what a document goes through on its way to a record."""

from __future__ import annotations

import apache_beam as beam
from apache_beam.transforms.error_handling import CollectingErrorHandler

from pipeline.config import RunConfig
from pipeline.keeping import keep_windows
from pipeline.reading import read_once, read_stream
from pipeline.run import facts
from pipeline.state import plan_state, plan_stream
from transforms.clean.transform import CleanText
from transforms.copies.stream_transform import MergeArriving
from transforms.copies.transform import MergeCopies
from transforms.extract.transform import ExtractArticles
from transforms.language.transform import DetectLanguage
from transforms.ledger.stream_transform import RecogniseRecords
from transforms.ledger.transform import CommitGeneration, FindKnown, KeepKnown
from transforms.wire.transform import MarkWire
from transforms.write.transform import CommitRun, Ended, MakeRecords
from transforms.write.window_transform import WriteWindows


def build(p: beam.Pipeline, config: RunConfig) -> None:
    """Put the whole graph of a run into a pipeline.

    From reading to the record everything fuses into one stage, so that a page's bytes never cross a shuffle. What
    leaves it is the record under its id, and a sketch beside it. Every input ends as an article, a copy, a reject or
    unchanged; the last step counts them and commits the run, and with it what the next one will know.

    A stream differs in where documents come from, in how copies are found (of what has come so far, and not of what is
    still to come), and in that it commits window by window.
    """
    stream = config.stream
    state = plan_stream(config) if stream else plan_state(config)
    with CollectingErrorHandler() as rejects:
        read = read_stream(p, config, stream, state, rejects) if stream else read_once(p, config, state, rejects)
        # Taken apart where they came in: pages are large, and what is taken out of them is not.
        articles = [some | f"Extract{name}" >> ExtractArticles(rejects) for name, some in read.pages.items()]
        records = (
            (articles[0] if len(articles) == 1 else articles | "Articles" >> beam.Flatten())
            | CleanText(rejects)
            | MarkWire(rejects)
            | DetectLanguage(rejects)
            | MakeRecords(rejects)
        )
        if stream:
            recognise = RecogniseRecords(state, config.carried_as)
            windows_s = stream.window_s, config.copies_window_s
            merged = records | MergeArriving(state, *windows_s, recognise, stream.is_by_language, config.carried_as)
        else:
            merged = records | MergeCopies(state, records | FindKnown(state) if state and state.base else None)
        # Stories link what stands: merged.articles → the same articles with story_id.
    ended = Ended(merged.articles, merged.copies, rejects.output(), merged.unchanged)
    run, documents = facts(config, p.options, state), tuple(read.pages.values())
    if stream:
        keep = keep_windows(config, state, read, merged) if state else None
        place = config.directory, run, stream.window_s, stream.shards
        end_path = None if stream.is_in_pieces else stream.drained_path
        _ = p | WriteWindows(*place, documents, read.not_due, ended, articles, read.gone, keep, end_path)
        return
    commit = None
    if state:
        files = [merged.files, merged.readings | KeepKnown(state), *([read.files] if read.files else [])]
        commit = CommitGeneration(state, files | "StateFiles" >> beam.Flatten())
    _ = p | CommitRun(config.directory, run, documents, ended, read.not_due, articles, commit)
