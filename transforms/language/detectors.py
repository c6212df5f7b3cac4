"""The two detectors that are asked, py3langid and langdetect: loaded once a process, the same answer every time.

Loading takes a lock and publishes only finished objects. Afterwards nothing in them changes, so that any number of
threads may ask at once. (langdetect's own module-level factory is visible half loaded: threads that meet it then get
wrong answers without an error.)
"""

import threading
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import NamedTuple

from langdetect.detector_factory import DetectorFactory
from langdetect.lang_detect_exception import LangDetectException
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from transforms.language.languages import ALIASES, MODEL_LABELS

_LOADING = threading.RLock()


class Scored(NamedTuple):
    """A language and its probability."""

    code: str
    probability: float


class Detector(NamedTuple):
    """The languages a detector knows, and the question to it.

    `ask` returns the likeliest languages of a text, best first; none where it finds nothing to go by.
    """

    languages: frozenset[str]
    ask: Callable[[str], list[Scored]]


def langid() -> Detector:
    """Returns py3langid (a fork of langid.py, Lui & Baldwin 2012), restricted to MODEL_LABELS.

    Its probability is calibrated over lengths: at 0.5 and above, about 1 in 200 short texts is labelled wrongly.
    """
    with _LOADING:
        return _langid()


def langdetect() -> Detector:
    """Returns langdetect (Nakatani 2010) with a fixed seed. Its probability is near 1 also where it is wrong."""
    with _LOADING:
        return _langdetect()


@cache
def _langid() -> Detector:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(sorted(MODEL_LABELS))

    def ask(text: str) -> list[Scored]:
        return [Scored(ALIASES.get(code, code), min(1.0, float(p))) for code, p in identifier.rank(text)]

    return Detector(frozenset(ALIASES.get(code, code) for code in MODEL_LABELS), ask)


@cache
def _langdetect() -> Detector:
    profiles = resources.files("langdetect").joinpath("profiles")
    names = sorted(p.name for p in profiles.iterdir() if not p.name.startswith("."))
    factory = DetectorFactory()
    factory.load_json_profile([profiles.joinpath(name).read_text(encoding="utf-8") for name in names])
    factory.set_seed(0)

    def ask(text: str) -> list[Scored]:
        detector = factory.create()
        detector.append(text)
        try:
            found = detector.get_probabilities()
        except LangDetectException:  # no letters that any profile knows
            return []
        return [Scored(ALIASES.get(x.lang, x.lang), min(1.0, float(x.prob))) for x in found]

    return Detector(frozenset(ALIASES.get(code, code) for code in factory.get_lang_list()), ask)
