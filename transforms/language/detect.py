"""The language of a text, or that it cannot be told."""

from collections.abc import Mapping
from typing import NamedTuple

from transforms.language import detectors, function_words, prepare
from transforms.language.languages import NO_LANGUAGE, UNDETERMINED

ENOUGH_LETTERS = 12

CERTAIN = 0.5
"""An answer less likely than this is `und`."""

HOPELESS = 0.15
"""Below this probability the second detector is not asked: its agreement would not make the answer CERTAIN."""

AGREEMENT_ODDS = (1 - HOPELESS) / HOPELESS
"""What the second detector's agreement does to the odds.

On titles and single lines of news with a probability in between, it named the first one's language about five times
as often where that was right as where it was wrong.
"""


class Vote(NamedTuple):
    """What one detector said: its name, and the language it found likeliest."""

    detector: str
    code: str
    probability: float


class LanguageGuess(NamedTuple):
    """The answer, and what led to it.

    `code` is ISO 639-1, 639-3 where there is none, or `und`. `confidence` is from 0.5 to 1, and 0 for `und`.
    `reason` is one of `certain`, `function_words`, `agreed`, and for `und` of `too_little`, `no_language`,
    `unlikely`, `disagreed`.
    """

    code: str
    confidence: float
    votes: tuple[Vote, ...] = ()
    reason: str = ""


def load() -> None:
    """Loads all that `detect_language` needs, once a process; takes about a second."""
    detectors.langid()
    detectors.langdetect()
    function_words.families()


def detect_language(text: str) -> LanguageGuess:
    """Names the main language of a text of any length and kind; the same in every call, thread and process.

    Never raises: lone surrogates, control characters or a megabyte without a space do no harm.
    """
    sample = prepare.sample(text)
    if not prepare.has_letters(sample, ENOUGH_LETTERS):
        return LanguageGuess(UNDETERMINED, 0.0, (), "too_little")
    headline = prepare.is_headline_case(sample)
    ranking = detectors.langid().ask(prepare.lower(sample) if headline else sample)
    heard = Vote("py3langid", *ranking[0])
    if heard.code in NO_LANGUAGE and heard.probability >= CERTAIN:
        return LanguageGuess(UNDETERMINED, 0.0, (heard,), "no_language")
    named = {code: p for code, p in ranking if code not in NO_LANGUAGE}
    # Among names and headings in capitals, what looks like a function word is mostly none.
    weighed = named if headline else function_words.reweigh(named, function_words.split(sample))
    code, probability = max(weighed.items(), key=lambda item: item[1])
    if probability < HOPELESS:
        return LanguageGuess(UNDETERMINED, 0.0, (heard,), "unlikely")
    if probability < CERTAIN:
        return _by_agreement(code, weighed, sample, heard)
    certain = heard.code == code and heard.probability >= CERTAIN
    return LanguageGuess(code, min(1.0, probability), (heard,), "certain" if certain else "function_words")


def _by_agreement(code: str, weighed: Mapping[str, float], sample: str, heard: Vote) -> LanguageGuess:
    second = detectors.langdetect()
    answer = second.ask(sample)[:1]
    votes = (heard, *(Vote("langdetect", *scored) for scored in answer))
    # In a neighbour that it does not know, its answer would be the same: against that one it proves nothing.
    blind = sum(weighed.get(x, 0.0) for x in function_words.family(code) if x not in second.languages)
    agreed = AGREEMENT_ODDS * weighed[code]
    confidence = agreed / (agreed + AGREEMENT_ODDS * blind + 1 - weighed[code] - blind)
    if not answer or answer[0].code != code or confidence < CERTAIN:
        return LanguageGuess(UNDETERMINED, 0.0, votes, "disagreed")
    return LanguageGuess(code, confidence, votes, "agreed")
