"""The clean room: every rule on its own example, and the mechanisms on small invented documents."""

import re
import time
from datetime import UTC, datetime

import pytest

from transforms.clean.article import Cleaned, clean_article
from transforms.clean.book import ACTIONS, LANGUAGES, Rule, RuleBook, book, language_of, rules
from transforms.clean.dates import is_date_line, read_dates
from transforms.clean.headline import find_title
from transforms.clean.lines import analyse, fold
from transforms.elements import Article

ALL = [rule for name in ("any", *LANGUAGES) for rule in rules(name)]
FETCHED = datetime(2031, 5, 8, 12, 0, tzinfo=UTC)

BODY_DE = (
    "Die alte Brücke über den Fluss wird im kommenden Frühjahr gesperrt, wie der Stadtrat am Montag beschlossen hat.",
    "Der Verkehr muss dann über die neue Straße fahren, und das dauert nach Angaben der Stadt zehn Minuten länger.",
    "„Wir haben lange geprüft, ob die Brücke noch zu retten ist“, sagte die Bürgermeisterin nach der Sitzung im Rat.",
    "Die Arbeiten an der Brücke kosten nach erster Schätzung der Stadt rund vier Millionen Euro und dauern ein Jahr.",
)
BODY_EN = (
    "The old bridge across the river will be closed next spring, the town council decided at its meeting on Monday.",
    "Traffic will have to take the new road instead, which adds ten minutes to the journey, the council said.",
    "“We have looked for a long time at whether the bridge can be saved,” the mayor told people after the meeting.",
    "The work on the bridge will cost about four million and take a year, according to a first estimate by the town.",
)


def article(*paragraphs: str, **facts: object) -> Article:
    base = {"url": None, "canonical_url": None, "source": "test", "origin": "test:0", "kind": "text", "title": None}
    return Article(**(base | {"paragraphs": paragraphs} | facts))  # type: ignore[arg-type]


def kept(*paragraphs: str, **facts: object) -> tuple[str, ...]:
    return clean_article(article(*paragraphs, **facts)).article.paragraphs


def names(cleaned: Cleaned) -> dict[int, str]:
    return {r.index: r.rule for r in cleaned.removed}


def matched(rule: Rule, text: str) -> bool:
    return rule in analyse(0, text, RuleBook([rule])).hits


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.name)
def test_a_rule_matches_its_example_and_leaves_its_counter_example(rule: Rule) -> None:
    assert matched(rule, rule.example), f"{rule.name} misses its own example"
    if rule.keeps is not None:
        assert not matched(rule, rule.keeps), f"{rule.name} takes {rule.keeps!r}"


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.name)
def test_a_rule_is_well_formed(rule: Rule) -> None:
    assert rule.action in ACTIONS
    assert rule.zone in {"any", "head", "body", "tail"}
    assert 0 < rule.need <= len(rule.cues) or not rule.cues
    for phrase in rule.whole | rule.until:
        assert fold(phrase) == phrase, f"{phrase!r} can never match a folded line"
    for pattern in (*rule.match, *rule.end) if not rule.raw else ():
        assert not re.search(r"[A-ZÄÖÜ]", re.sub(r"\\[A-Za-z]", "", pattern.pattern)), pattern.pattern


def test_rule_names_are_unique() -> None:
    assert len({rule.name for rule in ALL}) == len(ALL)


def test_language_by_function_words() -> None:
    assert language_of(BODY_DE) == "de"
    assert language_of(BODY_EN) == "en"
    assert language_of(["Le vieux pont sur la rivière sera fermé au printemps, a décidé le conseil lundi."]) == "fr"
    assert language_of(["Stary most nad rzeką zostanie wiosną zamknięty, postanowiła rada miasta."]) == "und"
    assert language_of([]) == "und"


def test_running_text_is_left_alone() -> None:
    for body in (BODY_DE, BODY_EN):
        assert kept(*body) == body


def test_title_and_section_leave_the_text() -> None:
    done = clean_article(article("Lokales", "Stadtrat sperrt die alte Brücke im Frühjahr", "Von Mara Lindt", *BODY_DE))
    assert done.article.title == "Stadtrat sperrt die alte Brücke im Frühjahr"
    assert done.article.section == "Lokales"
    assert done.article.bylines == ("Von Mara Lindt",)
    assert done.article.paragraphs == BODY_DE
    assert ("title", "line 2") in done.article.origins


def test_a_sentence_of_the_text_is_no_title() -> None:
    assert clean_article(article(*BODY_DE)).article.title is None


def test_a_kicker_is_no_title() -> None:
    done = clean_article(article("Streit im Rathaus", "Stadtrat sperrt die alte Brücke im Frühjahr", *BODY_DE))
    assert done.article.title == "Stadtrat sperrt die alte Brücke im Frühjahr"
    assert done.article.paragraphs == BODY_DE


def test_site_name_and_stuck_kicker_are_no_part_of_the_title() -> None:
    lines = [
        analyse(i, text, book("de"))
        for i, text in enumerate(("Stadtrat sperrt die Brücke | nordblatt aktuell", *BODY_DE))
    ]
    found = find_title(lines, [None] * len(lines), 1, None)
    assert found is not None
    assert found.title == "Stadtrat sperrt die Brücke"
    stuck = "Streit im RathausStadtrat sperrt die alte Brücke"
    body = (
        "Der Stadtrat will die Brücke im Frühjahr sperren, und das Rathaus in der Stadt nennt dafür viele gute Gründe.",
        *BODY_DE,
    )
    assert clean_article(article(stuck, *body)).article.title == "Stadtrat sperrt die alte Brücke"


def test_a_known_title_is_removed_again_but_never_replaced() -> None:
    done = clean_article(article("Die Brücke wird gesperrt", *BODY_DE, title="Die Brücke wird gesperrt", kind="html"))
    assert done.article.title == "Die Brücke wird gesperrt"
    assert done.article.paragraphs == BODY_DE


def test_consent_box_within_the_text() -> None:
    box = (
        "Empfohlener externer Inhalt",
        "An dieser Stelle finden Sie einen externen Inhalt, den die Redaktion ausgewählt hat.",
        "{$emit('open')}, 90);\">",
        "Externen Inhalt anzeigen",
        "Ich bin damit einverstanden, dass mir externe Inhalte gezeigt werden. Mehr dazu im Datenschutz.",
    )
    assert kept(*BODY_DE[:2], *box, *BODY_DE[2:]) == BODY_DE


def test_read_also_box_ends_where_the_text_goes_on() -> None:
    assert kept(*BODY_DE[:2], "Lesen Sie auch", "Ein Dorf baut sich selbst ein Haus", *BODY_DE[2:]) == BODY_DE
    assert kept(*BODY_EN[:2], "Related Stories", "• A village builds a house", *BODY_EN[2:]) == BODY_EN


def test_everything_after_the_comments_goes() -> None:
    comments = (
        "3 Kommentare",
        "Endlich sperrt jemand diese Brücke über den Fluss, das war im Rat der Stadt überfällig.",
        "Nein!",
    )
    assert kept(*BODY_DE, *comments) == BODY_DE
    assert kept(*BODY_EN, "LEAVE A REPLY", "Your email address will not be published.") == BODY_EN


def test_teasers_after_a_marker_go_though_they_look_like_text() -> None:
    teasers = (
        "Das könnte Sie auch interessieren",
        "Bäcker gewinnt Preis",
        "Ein Bäcker aus dem Nachbarort hat für sein Roggenbrot einen Preis bekommen und freut sich darüber sehr.",
        "Katze kehrt heim",
        "Nach neun Wochen ist Kater Moritz wieder zu Hause, seine Besitzer hatten ihn schon aufgegeben und getrauert.",
    )
    assert kept(*BODY_DE, *teasers) == BODY_DE
    assert kept(*BODY_DE, *teasers[1:]) == BODY_DE


def test_a_marker_in_the_middle_takes_only_its_box() -> None:
    assert kept(*BODY_DE[:2], "Mehr zum Thema", "Wie Brücken altern", *BODY_DE[2:], *reversed(BODY_DE)) == BODY_DE


def test_captions_move_out_also_without_their_credit() -> None:
    caption = "Die Brücke am frühen Morgen im Nebel."
    done = clean_article(
        article("Stadtrat sperrt die alte Brücke", caption, caption + " Foto: Jan Weber/Nordbild", *BODY_DE)
    )
    assert done.article.paragraphs == BODY_DE
    assert done.article.captions == (caption, caption + " Foto: Jan Weber/Nordbild")


def test_wire_marks_are_left_for_the_wire_room() -> None:
    head = "Neustadt (dpa) – " + BODY_DE[0]
    assert kept(head, *BODY_DE[1:], "/abc/DP/xyz") == (head, *BODY_DE[1:], "/abc/DP/xyz")
    assert kept(*BODY_DE, "(dpa)") == (*BODY_DE, "(dpa)")
    for mark in ("(dpa)", "(AFP/dpa)", "(lsw/dpa)", "dpa/AFP", "(AP)", "(Reuters)"):
        signed = (*BODY_DE[:-1], f"{BODY_DE[-1]} {mark}")
        assert kept(*signed) == signed


def test_lists_subheads_and_interviews_stay() -> None:
    listed = (*BODY_DE[:2], "Das ist jetzt zu tun:", "• Umleitung merken", "• Busplan lesen", *BODY_DE[2:])
    assert kept(*listed) == listed
    asked = (BODY_DE[0], "Frage: Warum so spät?", BODY_DE[2], "Was kommt danach?", *BODY_DE[3:])
    assert kept(*asked) == asked
    ended = (*BODY_EN, "What to pack:", "• Boots", "• Rope")
    assert kept(*ended) == ended


def test_a_poem_stays() -> None:
    poem = ("Am Fluss", "Wo die Brücke stand,", "liegt Eis,", "und keiner", "fragt das Wasser,", "was es weiß")
    assert kept(*poem)[-5:] == poem[-5:]
    assert kept(*poem[1:], kind="html", title="Am Fluss") == poem[1:]


def test_many_markers_cost_no_more_than_many_lines() -> None:
    begin = time.process_time()
    for unit in (
        ("Mehr zum Thema", *BODY_DE[:2], "Ein Dorf"),
        ("3 Kommentare", BODY_DE[0]),
        ("Newsletter", *BODY_DE[:2]),
    ):
        clean_article(article(*unit * 1000))
    assert time.process_time() - begin < 10


def test_what_trails_after_the_last_sentence_goes() -> None:
    assert kept(*BODY_EN, "Bridges", "Town council", "North river") == BODY_EN


def test_ages_count_back_from_the_fetch() -> None:
    done = clean_article(article("Stadtrat sperrt die alte Brücke", "vor 2 Stunden 7", *BODY_DE, fetched_at=FETCHED))
    assert done.article.published_at == datetime(2031, 5, 8, 10, 0, tzinfo=UTC)
    assert done.article.published_precision == "day"
    assert done.article.paragraphs == BODY_DE
    unknown = clean_article(article("Stadtrat sperrt die alte Brücke", "vor 2 Stunden 7", *BODY_DE))
    assert unknown.article.published_at is None
    assert unknown.article.paragraphs == BODY_DE


@pytest.mark.parametrize(
    ("text", "at", "precision", "changed"),
    [
        ("Stand: 03.04.2031, 18:24 Uhr", "2031-04-03T00:00", "day", False),
        ("3. April 2031", "2031-04-03T00:00", "day", False),
        ("Published Apr 3, 2031 9:15 pm EDT", "2031-04-04T01:15", "minute", False),
        ("Updated April 3rd, 2031", "2031-04-03T00:00", "day", True),
        ("17:41 JST, April 3, 2031", "2031-04-03T08:41", "minute", False),
        ("2031-04-03", "2031-04-03T00:00", "day", False),
        ("Last updated 5 minutes ago", "2031-05-08T11:55", "minute", True),
        ("an hour ago", "2031-05-08T11:00", "day", False),
        ("gestern, 14:03 Uhr", "2031-05-07T00:00", "day", False),
    ],
)
def test_visible_dates(text: str, at: str, precision: str, changed: bool) -> None:
    assert is_date_line(text)
    seen = read_dates(text, FETCHED)[0]
    assert (seen.at.strftime("%Y-%m-%dT%H:%M"), seen.precision, seen.changed) == (at, precision, changed)


@pytest.mark.parametrize("text", ["Im Jahr 2031 begann alles", "31.02.2031", "99.99.9999", "12:30", "am Montag"])
def test_no_date_is_made_up(text: str) -> None:
    assert read_dates(text, FETCHED) == []


def test_dates_from_the_future_are_not_believed() -> None:
    assert read_dates("1. Juni 2031", FETCHED) == []


def test_a_timeline_keeps_its_days() -> None:
    line = (BODY_DE[0], "12. Mai 2030", BODY_DE[1], "14. Juni 2030", BODY_DE[2])
    assert kept(*line) == line


def test_subscription_wall() -> None:
    done = clean_article(article(*BODY_DE, "Dieser Artikel ist exklusiv für Abonnenten.", "Jetzt kostenlos testen"))
    assert done.article.paywalled is True
    assert done.article.paragraphs == BODY_DE
    assert clean_article(article(*BODY_DE)).article.paywalled is None


def test_html_is_cleaned_with_more_care() -> None:
    lines = ("Ein Wort vorab", *BODY_DE, "Schlusswort ohne Punkt")
    assert kept(*lines, kind="html", title="Etwas anderes") == lines
    assert kept(*lines[:3], "Anzeige", *lines[3:], kind="html", title="Etwas anderes") == lines


def test_unknown_languages_meet_only_neutral_rules() -> None:
    body = (
        "Le vieux pont sur la rivière sera fermé au printemps prochain, a décidé le conseil municipal lundi soir.",
        "Newsletter",
        "Les voitures passeront par la nouvelle route, ce qui prend dix minutes de plus selon la mairie.",
    )
    assert kept(body[0], "{$emit('x')}, 5);\">", *body[1:]) == body


def test_every_removed_line_names_its_rule_and_place() -> None:
    done = clean_article(article("Stadtrat sperrt die alte Brücke", *BODY_DE[:2], "Anzeige", *BODY_DE[2:]))
    assert names(done) == {0: "any.head.title", 3: "de.ad.label"}
    assert [r.text for r in done.removed] == ["Stadtrat sperrt die alte Brücke", "Anzeige"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\x00",
        "\ud800",
        "A" * 1_000_000,
        "By " + "A. " * 300_000,
        "(" * 100_000,
        "Foto: " * 50_000,
        "ä\u00ad" * 200_000,
    ],
    ids=["empty", "blank", "nul", "surrogate", "token", "initials", "brackets", "credits", "hyphens"],
)
def test_any_text_in_good_time(text: str) -> None:
    begin = time.process_time()
    for paragraphs in ((text,), (*BODY_DE, text), (text, *BODY_EN)):
        clean_article(article(*paragraphs))
    assert time.process_time() - begin < 1.5


def test_short_lines_that_stand_twice_in_a_row_are_captions() -> None:
    shown = ("Die alte Brücke am Hafen von Nordhafen.", "Die alte Brücke am Hafen von Nordhafen.")
    credited = (
        "Der Stadtrat bei der Sitzung am Montag.",
        "Der Stadtrat bei der Sitzung am Montag. Bildagentur Nord/M. Lindt",
    )
    done = clean_article(article(*BODY_DE[:2], *shown, *credited, *BODY_DE[2:]))
    assert done.article.paragraphs == BODY_DE
    assert set(shown) | set(credited) <= set(done.article.captions)
    assert kept(*BODY_DE, BODY_DE[-1]) == BODY_DE, "a paragraph that is shown twice stays once"
