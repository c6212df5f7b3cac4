"""The languages that an answer may name."""

UNDETERMINED = "und"
"""ISO 639-2's code for text whose language is not told."""

_NEWS_LANGUAGES = """
af am ar as az ba be bg bn br bs ca cs cy da de el en es et eu fa fi fo fr fy ga gd gl gu ha he hi hr ht hu hy id ig is
it ja jv ka kk km kn ko ku ky lb lg ln lo lt lv mg mk ml mn mr ms mt my ne nl nn no oc om or pa pl ps pt ro ru rw se si
sk sl sn so sq sr st sv sw ta te tg th tk tl tr tt ug uk ur uz vi xh yo zh zu
"""
NEWS_LANGUAGES = frozenset(_NEWS_LANGUAGES.split())
"""What py3langid may answer: its languages with a two-letter code (ISO 639-1) in which news are published daily.

The others take short texts from a large neighbour and are hardly ever meant: regional and spoken forms (Egyptian
Arabic, Cantonese, Aragonese, Ligurian, Nigerian Pidgin and so on), languages of liturgy or of choice (Sanskrit,
Ancient Greek, Esperanto, Volapük), and those without a daily press.
"""

KURDISH = "sdh"
"""py3langid's label for Kurdish in Arabic letters; nearly all news in them is Central Kurdish (Sorani), ckb."""

NO_LANGUAGE = frozenset({"zxx", "la"})
"""py3langid's label for numbers, markup and identifiers, and Latin: in the news, Latin is placeholder text."""

MODEL_LABELS = NEWS_LANGUAGES | NO_LANGUAGE | {KURDISH}

BY_FUNCTION_WORDS = frozenset({"nds", "gsw", "hsb", "dsb"})
"""Low German, Swiss German, Upper and Lower Sorbian: no detector knows them, their function words tell them."""

ALIASES = {KURDISH: "ckb", "zh-cn": "zh", "zh-tw": "zh"}

CODES = NEWS_LANGUAGES | BY_FUNCTION_WORDS | {"ckb", UNDETERMINED}
"""Every code that an answer may have: ISO 639-1, 639-3 where there is none, or `und`."""
