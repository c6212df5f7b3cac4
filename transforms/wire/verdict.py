"""Whether an article still has a text when the marks of the wire are taken out."""

from __future__ import annotations

import dataclasses

from transforms.elements import Article, Reject
from transforms.reasons import Reason, Stage
from transforms.wire.marks import mark_wire


def mark_and_judge(article: Article) -> Article | Reject:
    """The article with its marks as fields; ``empty`` where it held nothing else.

    An article whose whole text became its lead keeps that as its text.
    """
    marked = mark_wire(article)
    if marked.paragraphs:
        return marked
    if marked.lead:
        return dataclasses.replace(marked, paragraphs=(marked.lead,), lead=None)
    url = article.url or article.origin
    return Reject(Stage.WIRE, Reason.EMPTY, url, "nothing but marks of the wire", article.source, article.fetched_at)
