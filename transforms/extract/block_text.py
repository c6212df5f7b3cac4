"""What the text of each block looks like, and what it shares with what the page states of its article."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from transforms.extract.blocks import Blocks
from transforms.extract.names import masks, vocabulary

Floats = NDArray[np.float32]
Columns = dict[str, Floats]

_WORD = re.compile(r"\w+")
_OTHER, _SPACE, _UPPER, _LOWER, _DIGIT, _COMMA, _END, _QUOTE, _IDEOGRAPH, _SYMBOL, _BRACKET, _BREAK = range(12)
_CLASSES = 12
_CATEGORIES = {
    **dict.fromkeys(("Lu", "Lt"), _UPPER),
    **dict.fromkeys(("Ll", "Lm", "Lo", "Mn", "Mc"), _LOWER),
    **dict.fromkeys(("Zs", "Cc"), _SPACE),
    **dict.fromkeys(("Pi", "Pf"), _QUOTE),
    **dict.fromkeys(("Ps", "Pe"), _BRACKET),
    **dict.fromkeys(("Sm", "Sc", "Sk", "So"), _SYMBOL),
    "Nd": _DIGIT,
}
_SPECIAL = {
    _COMMA: ",;،、，؛",
    _END: ".!?…。！？؟।",
    _QUOTE: "\"'“”„«»‹›’‘「」『』",
    _SYMBOL: "|@#©•·►▶→*/",
    _BREAK: "\n",
}
_PLANE = 0x10000
_MAX_WORDS_CHARS, _MAX_LABEL_CHARS, _MAX_COMPARED_CHARS = 400, 300, 700
_MAX_BODY_CHARS, _MAX_WHOLE_CHARS, _MIN_PART_CHARS = 100_000, 400, 60
_PROSE_CHARS, _PROSE_LINKED = 80, 0.35


class Stated(NamedTuple):
    """What a page states of its article, as it stands in its metadata: title and description in their variants."""

    titles: tuple[str, ...] = ()
    descriptions: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    body: str = ""


def text_columns(blocks: Blocks) -> Columns:
    """Counts of characters and words of each block, all blocks at once."""
    classes, starts, ends, owner = _characters(blocks.text)
    size = len(blocks.text)

    def per_block(condition: NDArray[np.bool_]) -> Floats:
        return np.bincount(owner, condition, size).astype(np.float32)

    counts = np.bincount(owner * _CLASSES + classes, minlength=size * _CLASSES).reshape(size, _CLASSES)
    counts = counts.astype(np.float32)
    before, after = np.concatenate(([_BREAK], classes[:-1])), np.concatenate((classes[1:], [_BREAK]))
    starts_word = ((before == _SPACE) | (before == _BREAK)) & (classes != _BREAK)
    chars = (ends - starts).astype(np.float32)
    words = np.maximum(per_block(starts_word) + counts[:, _IDEOGRAPH] / 2, 1)
    is_end = (classes == _END) & np.isin(after, (_SPACE, _BREAK, _QUOTE, _IDEOGRAPH))
    last, last_but_one, first = classes[ends - 1], classes[np.maximum(ends - 2, 0)], classes[starts]
    ends_sentence = (last == _END) | (((last == _QUOTE) | (last == _BRACKET)) & (last_but_one == _END))
    sentences = per_block(is_end)
    linked = np.minimum(blocks.linked / chars, 1).astype(np.float32)
    is_prose = (chars > _PROSE_CHARS) & ends_sentence & (linked < _PROSE_LINKED) & (sentences >= 1)
    return {
        "chars": chars,
        "words": words,
        "log_chars": np.log1p(chars),
        "log_words": np.log1p(words),
        "word_chars": chars / words,
        "linked": linked,
        "bold": np.minimum(blocks.bold / chars, 1).astype(np.float32),
        "commas": counts[:, _COMMA] / words,
        "sentences": sentences,
        "sentences_a_word": sentences / words,
        "ends_sentence": ends_sentence.astype(np.float32),
        "capitals": counts[:, _UPPER] / chars,
        "digits": counts[:, _DIGIT] / chars,
        "quotes": counts[:, _QUOTE] / words,
        "symbols": counts[:, _SYMBOL],
        "brackets": counts[:, _BRACKET] / words,
        "capitalised": per_block(starts_word & (classes == _UPPER)) / words,
        "first_symbol": (first == _SYMBOL).astype(np.float32),
        "is_prose": is_prose.astype(np.float32),
    }


def likeness_columns(blocks: Blocks, stated: Stated) -> Columns:
    """Shared words with title and description, groups of words in short blocks, parts of the stated body, doubles."""
    names = ("like_title", "has_title", "like_description", "in_description", "has_author", "in_body", "is_double")
    found = np.zeros((len(names), len(blocks.text)), np.float32)
    groups = np.zeros(len(blocks.text), np.int64)
    titles, descriptions = _word_sets(stated.titles), _word_sets(stated.descriptions)
    title_lines = [title.lower() for title in stated.titles]
    authors = [author.lower() for author in stated.authors]
    body = stated.body[:_MAX_BODY_CHARS]
    known = masks("words")
    seen: dict[str, int] = {}
    for place, text in enumerate(blocks.text):
        first = seen.setdefault(text, place)
        if first != place:
            found[6, place] = found[6, first] = 1
        if body:
            found[5, place] = _share_in(text, body)
        if len(text) > _MAX_COMPARED_CHARS:
            continue
        line = text[:_MAX_WORDS_CHARS].lower()
        words = set(_WORD.findall(line))
        if len(text) < _MAX_LABEL_CHARS:
            found[0, place] = max((_jaccard(words, title) for title in titles), default=0)
            found[1, place] = any(title in line for title in title_lines)
            found[4, place] = any(author in line for author in authors)
            for word in words & known.keys():
                groups[place] |= known[word]
        for description in descriptions:
            common = len(words & description)
            if common > 2 or (common and len(words) <= 3):
                found[2, place] = max(found[2, place], common / (len(words) + len(description) - common))
                found[3, place] = max(found[3, place], common / len(words))
    columns: Columns = dict(zip(names, found, strict=True))
    columns["states_body"] = np.full(len(groups), len(body) > 250, np.float32)
    around = np.zeros(len(blocks.nodes.tag), np.int64)
    parent = blocks.nodes.parent[blocks.element]
    np.bitwise_or.at(around, parent, groups)
    columns |= bit_columns("parent.word", vocabulary()["words"], around[parent])
    return columns | bit_columns("word", vocabulary()["words"], groups)


def bit_columns(prefix: str, names: Iterable[str], values: NDArray[np.int64]) -> Columns:
    """Each bit of the values as a column, named ``prefix.name``."""
    wanted = tuple(names)
    bits = ((values[None, :] >> np.arange(len(wanted))[:, None]) & 1).astype(np.float32)
    return dict(zip((f"{prefix}.{name}" for name in wanted), bits, strict=True))


def _characters(texts: list[str]) -> tuple[NDArray[np.int64], ...]:
    """The class of every character with a break after each text; where each text starts and ends; whose each is."""
    codes = np.frombuffer(("\n".join(texts) + "\n").encode("utf-32-le", "replace"), np.uint32)
    classes = _class_table()[np.minimum(codes, _PLANE - 1)]
    ends = np.flatnonzero(codes == 10)
    starts = np.concatenate(([0], ends[:-1] + 1))
    return classes, starts, ends, np.repeat(np.arange(len(texts)), ends - starts + 1)


@cache
def _class_table() -> NDArray[np.int64]:
    """The class of each character of the basic plane; its last place stands for all beyond it."""
    table = np.zeros(_PLANE, np.int64)
    for code in range(_PLANE - 1):
        table[code] = _CATEGORIES.get(unicodedata.category(chr(code)), _OTHER)
        if code >= 0x2E80 and table[code] == _LOWER:
            table[code] = _IDEOGRAPH
    for kind, characters in _SPECIAL.items():
        table[[ord(character) for character in characters]] = kind
    table[-1] = _SYMBOL
    return table


def _word_sets(texts: Iterable[str]) -> list[frozenset[str]]:
    sets = (frozenset(_WORD.findall(text.lower())) for text in texts)
    return [words for words in dict.fromkeys(sets) if words]


def _jaccard(one: set[str], other: frozenset[str]) -> float:
    common = len(one & other)
    return common / (len(one) + len(other) - common) if common else 0.0


def _share_in(text: str, body: str) -> float:
    if len(text) < _MAX_WHOLE_CHARS and text in body:
        return 1.0
    return 0.8 if len(text) >= _MIN_PART_CHARS and (text[8:48] in body or text[-48:-8] in body) else 0.0
