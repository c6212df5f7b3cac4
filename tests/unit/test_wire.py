"""The wire room: heads, tails, people and credits, and that nothing but marks ever leaves a text."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.elements import Article
from transforms.wire.agencies import agency_of, load
from transforms.wire.bylines import agency_in, people_in, without_agencies
from transforms.wire.credits import credit_of, credits_in
from transforms.wire.head import find_head
from transforms.wire.marks import mark_wire

BODY = "Der Gemeinderat hat am Abend lange über die neue Brücke beraten und am Ende nichts beschlossen."
MORE = "Die Bauarbeiten ruhen seit dem Herbst, weil ein Gutachten fehlt, das die Statik der Pfeiler prüft."
TEASER = "Die Brücke bleibt gesperrt, und niemand weiß, wie lange noch."


def article(*paragraphs: str, **fields: Any) -> Article:
    return Article(None, None, "test", "test:1", "text", None, paragraphs, **fields)


HEADS = [
    ("Kassel (dpa) – ", "dpa", "Kassel"),
    ("Jena/Gera (AFP) - ", "AFP", "Jena/Gera"),
    ("LINZ/PRAG (dpa-AFX) - ", "dpa-AFX", "LINZ/PRAG"),
    ("Düsseldorf (dpa/lnw) - ", "dpa", "Düsseldorf"),
    ("Frankfurt (Oder) (dpa/bb) - ", "dpa", "Frankfurt (Oder)"),
    ("Frankfurt/Main (dpa-AFX Broker) - ", "dpa-AFX", "Frankfurt/Main"),
    ("Neusiedl am See (KNA) ", "KNA", "Neusiedl am See"),
    ("Frankfurt a.M. (epd). ", "epd", "Frankfurt a.M."),
    ("Halle (dts Nachrichtenagentur) - ", "dts", "Halle"),
    ("Wien/Steyr (APA/dpa/AFP) – ", "APA", "Wien/Steyr"),
    ("WELS, 3. März. (APA) ", "APA", "WELS"),
    ("Bern (Keystone-SDA) ", "SDA", "Bern"),
    ("BERN (sda) ", "SDA", "BERN"),
    ("Zürich (awp) - ", "awp", "Zürich"),
    ("LONDON, March 3 (Reuters) - ", "Reuters", "LONDON"),
    ("NEW YORK, 3. Mai (Reuters) ", "Reuters", "NEW YORK"),
    ("CONCORD, N.H., March 3 (Reuters) - ", "Reuters", "CONCORD, N.H."),
    ("OXFORD, Miss. (AP) — ", "AP", "OXFORD, Miss."),
    ("LEEDS (Reuters Life!) – ", "Reuters", "LEEDS"),
    ("Xinhua: BEIJING, March 3 (Xinhua) -- ", "Xinhua", "BEIJING"),
    ("MOSKAU, 3. März. /TASS/. ", "TASS", "MOSKAU"),
    ("МОСКВА, 3 мар — РИА Новости. ", "RIA", "МОСКВА"),
    ("ROMA (ANSA) - ", "ANSA", "ROMA"),
    ("(ANSA) - ROMA, 03 MAR - ", "ANSA", "ROMA"),
    ("Madrid, 3 mar (EFE).- ", "EFE", "Madrid"),
    ("Praha 3. března (ČTK) – ", "CTK", "Praha"),
    ("Budapest, 2024. március 3., vasárnap (MTI) - ", "MTI", "Budapest"),
    ("BRUSSEL 3/3 (BELGA) = ", "Belga", "BRUSSEL"),
    ("İSTANBUL (AA) - ", "Anadolu", "İSTANBUL"),
    ("Mumbai (Maharashtra) [India], Jan 13 (ANI): ", "ANI", "Mumbai (Maharashtra) [India]"),
    ("DJ FRANKFURT (Dow Jones)--", "Dow Jones", "FRANKFURT"),
    ("ZUG, Switzerland, March 3, 2025 /PRNewswire/ -- ", "PR Newswire", "ZUG, Switzerland"),
    ("SAN DIEGO--(BUSINESS WIRE)--", "Business Wire", "SAN DIEGO"),
    ("MEMPHIS, Tennessee (CNN and AP) -- ", "CNN", "MEMPHIS, Tennessee"),
    ("(CNN)", "CNN", None),
    ("(dpa) ", "dpa", None),
    ("dpa/Berlin. ", "dpa", "Berlin"),
    ("BERLIN afp/rtr | ", "AFP", "BERLIN"),
    ("ATLANTA -- ", None, "ATLANTA"),
    ("DAYTON, Ohio — ", None, "DAYTON, Ohio"),
    ("PENANG, Nov 22 — ", None, "PENANG"),
    ("新华社北京3月3日电 ", "Xinhua", "北京"),
]


@pytest.mark.parametrize(("head", "agency", "place"), HEADS)
def test_head_leaves_the_first_paragraph(head: str, agency: str | None, place: str | None) -> None:
    marked = mark_wire(article(head + BODY, MORE))
    assert marked.paragraphs == (BODY, MORE)
    assert (marked.agency, marked.dateline) == (agency, place)


@pytest.mark.parametrize(
    "text",
    [
        "Die Deutsche Presse-Agentur (dpa) – Gründung 1949 – sitzt in Hamburg und hat viele Büros.",
        "Die Agence France-Presse (AFP) und Reuters melden dasselbe aus zwei Städten.",
        "American Psychological Association (APA) President Jane Roe spoke first.",
        "Example Media Agency (EMA) – The firm has grown again this year.",
        "Harrisburg (PA) is a town on a wide river.",
        "Anna Beispiel (CDU) – Die Kandidatin tritt im Herbst noch einmal an.",
        "NATO – Das Bündnis berät heute über den Haushalt.",
        "IKEA, LIDL — Die Ketten wollen die Preise senken.",
        "Berlin – Die Stadt ist groß und hat viele Bezirke.",
        "BREAKING – Die Brücke ist wieder offen.",
        "Das teilte Reuters mit – Der Minister schwieg dazu.",
        "Artificial intelligence (AI) – A new tool helps teachers.",
    ],
)
def test_running_text_is_no_head(text: str) -> None:
    assert find_head(text, is_first=True) is None
    assert mark_wire(article(text, MORE)).paragraphs == (text, MORE)


def test_dateline_without_agency_is_believed_in_the_first_paragraph_only() -> None:
    assert mark_wire(article(BODY, "ATLANTA -- " + MORE)).paragraphs[1] == "ATLANTA -- " + MORE


def test_desk_code_at_the_head_becomes_a_byline_code() -> None:
    marked = mark_wire(article("Kiel (abc) - " + BODY, MORE))
    assert (marked.paragraphs[0], marked.agency, marked.dateline, marked.byline_codes) == (BODY, None, "Kiel", "abc")


def test_date_in_the_debris_before_the_head_is_the_day_of_publication() -> None:
    marked = mark_wire(article(" date 2025-03-18 LINZ/PRAG (dpa-AFX) - " + BODY))
    assert marked.paragraphs == (BODY,)
    assert (marked.published_at, marked.published_precision) == (datetime(2025, 3, 18, tzinfo=UTC), "day")


def test_a_known_time_of_publication_stays() -> None:
    known = datetime(2025, 3, 17, 9, 30, tzinfo=UTC)
    marked = mark_wire(
        article("date 2025-03-18 LINZ (dpa-AFX) - " + BODY, published_at=known, published_precision="minute")
    )
    assert (marked.published_at, marked.published_precision) == (known, "minute")


def test_an_impossible_date_is_ignored() -> None:
    assert mark_wire(article("date 2025-02-30 LINZ (dpa-AFX) - " + BODY)).published_at is None


def test_teaser_before_the_headed_paragraph_becomes_the_lead() -> None:
    marked = mark_wire(article(TEASER, "Kassel (dpa) – " + BODY, MORE))
    assert (marked.lead, marked.paragraphs) == (TEASER, (BODY, MORE))
    assert ("lead", "paragraph before the dateline") in marked.origins


def test_teaser_glued_to_the_head_becomes_the_lead() -> None:
    marked = mark_wire(article(f"{TEASER} Kassel (dpa) – {BODY}", MORE))
    assert (marked.lead, marked.paragraphs, marked.dateline) == (TEASER, (BODY, MORE), "Kassel")


@pytest.mark.parametrize(
    "before", [(TEASER, TEASER), ("Eine Zeile ohne Punkt, die kein Teaser ist",), (BODY * 5,), ("Kurz.",)]
)
def test_other_text_before_the_head_stays(before: tuple[str, ...]) -> None:
    marked = mark_wire(article(*before, "Kassel (dpa) – " + BODY, MORE))
    assert (marked.lead, marked.paragraphs) == (None, (*before, BODY, MORE))


def test_a_known_lead_stays_and_loses_its_own_head() -> None:
    marked = mark_wire(article(BODY, MORE, lead="Kassel (dpa) – " + TEASER))
    assert (marked.lead, marked.paragraphs, marked.agency) == (TEASER, (BODY, MORE), "dpa")


def test_glued_place_is_not_cut_out_of_a_sentence() -> None:
    text = "Der Zug hielt gestern Abend lange in Berlin (dpa). Der Fahrer blieb ruhig und wartete."
    assert mark_wire(article(text, MORE)).paragraphs[0] == text


@pytest.mark.parametrize("line", ["dpa", "(AFP)", "dpa/AFP"])
def test_line_above_the_text_that_names_only_the_agency(line: str) -> None:
    marked = mark_wire(article(line, BODY, MORE))
    assert marked.paragraphs == (BODY, MORE)
    assert marked.agency == line.strip("()").split("/")[0]


TAILS = [
    ("/ddo/DP/stw", "dpa-AFX", "ddo/DP/stw"),
    (" /ddo/DP/stw ISIN DE0001234567 AXC0123 2025-03-18/10:15", "dpa-AFX", "ddo/DP/stw"),
    ("/abc/de/fgh", None, "abc/de/fgh"),
    (" dpa-AFX/ab/cd", "dpa-AFX", "ab/cd"),
    ("dpa ab cde xxzz n1 ab", "dpa", "ab cde xxzz n1 ab"),
    (" (dpa)", "dpa", None),
    (" (dpa/lnw)", "dpa", None),
    (" (dpa/abc/def)", "dpa", "abc/def"),
    (" (abc/AFP/dpa)", "AFP", "abc"),
    ("(APA/ab/cde)", "APA", "ab/cde"),
    (" (APA, 9.9.2016)", "APA", None),
    (" abc (mit dpa)", "dpa", "abc"),
    (" Mit Material der dpa", "dpa", None),
    (" Mit Material von Reuters", "Reuters", None),
    (" Quelle: dpa", "dpa", None),
    (" Text: dpa/ab", "dpa", "ab"),
    (" © AFP", "AFP", None),
    (" (c) AFP", "AFP", None),
    ("© dpa-infocom, dpa:240422-99-123456/2", "dpa", None),
    (" keystone-sda/ab", "SDA", "ab"),
    ("sda/abc", "SDA", "abc"),
    (" (Schluss) ab/cd", None, "ab/cd"),
    (" ab/cd", None, "ab/cd"),
    (" (abc)", None, "abc"),
    (" burs-abc/de", None, "burs-abc/de"),
    (" PTI ABC DEF", "PTI", "ABC DEF"),
    (" abc/example-blatt.de", None, "abc"),
    (" (Reporting by Jane Roe and John Doe in Leeds; Editing by Ann Other)", None, None),
    (" The Associated Press contributed to this report.", "AP", None),
]


@pytest.mark.parametrize(("tail", "agency", "codes"), TAILS)
def test_tail_leaves_the_last_paragraph(tail: str, agency: str | None, codes: str | None) -> None:
    marked = mark_wire(article(BODY, MORE + tail))
    assert marked.paragraphs == (BODY, MORE)
    assert (marked.agency, marked.byline_codes) == (agency, codes)


@pytest.mark.parametrize(("tail", "agency", "codes"), TAILS)
def test_tail_as_a_line_of_its_own(tail: str, agency: str | None, codes: str | None) -> None:
    marked = mark_wire(article(BODY * 2, MORE, tail))
    assert marked.paragraphs == (BODY * 2, MORE)
    assert (marked.agency, marked.byline_codes) == (agency, codes)


def test_lines_about_shares_go_with_the_codes() -> None:
    lines = ("/ab/DP/cd", "ISIN DE0001234567 US0001234567", "AXC0123 2025-03-18/10:15")
    assert mark_wire(article(BODY * 2, MORE, *lines)).paragraphs == (BODY * 2, MORE)


@pytest.mark.parametrize("credit", [" (AP)", " AP", " — AFP"])
def test_agency_behind_a_caption_inside_the_text_is_no_signature(credit: str) -> None:
    text = (BODY, "Die alte Brücke am frühen Morgen." + credit, BODY * 2, MORE * 2, BODY * 2)
    marked = mark_wire(article(*text))
    assert (marked.paragraphs, marked.agency) == (text, None)


@pytest.mark.parametrize(("tail", "day"), [(" (APA, 9.9.2016)", (2016, 9, 9)), (" (abc, 31.7.2015)", (2015, 7, 31))])
def test_date_in_the_signature_is_the_day_of_publication(tail: str, day: tuple[int, int, int]) -> None:
    marked = mark_wire(article(BODY, MORE + tail))
    assert (marked.published_at, marked.published_precision) == (datetime(*day, tzinfo=UTC), "day")


def test_notes_for_the_desk_are_cut() -> None:
    lines = ("# dpa-Notizblock", "## Orte", "- [Rathaus](Am Markt 1)", "dpa ab cde xxzz n1 ab")
    assert mark_wire(article(BODY, MORE, *lines)).paragraphs == (BODY, MORE)


def test_certain_signature_inside_a_line_where_other_text_was_glued_to_it() -> None:
    marked = mark_wire(article(f"{BODY} (APA/ab/cd) Jetzt den Kanal abonnieren"))
    assert marked.paragraphs == (f"{BODY} Jetzt den Kanal abonnieren",)
    assert marked.byline_codes == "ab/cd"


@pytest.mark.parametrize(
    "ending",
    [
        "Das gilt für Mitglieder und/oder Gäste.",
        "Er fuhr dort mit 120 km/h",
        "Es siegte die CDU/CSU",
        "So war es in der Saison 2025/26",
        "Mehr dazu unter https://www.example.org/ab/cd",
        "Mehr dazu unter www.example.de/ab/cd",
        "Das sagte ein Sprecher der dpa",
        "Das berichtete die Deutsche Presse-Agentur (dpa).",
        "So meldet es die staatliche Agentur Tass",
        "Er lächelte (wie immer).",
        "Gesucht wird eine Kraft (m/w/d)",
        "He works for Reuters in Leeds.",
        "The team played well (see below)",
        "Das kostet 3 Euro/Stück",
        "Was bleibt? Ja/nein",
        "Die Frage ist offen. Foto: dpa",
        "Er sprach mit dpa.",
        "Sie kam aus Leeds (mit AFP-Fotograf).",
    ],
)
def test_a_normal_sentence_loses_no_word(ending: str) -> None:
    marked = mark_wire(article(BODY, f"{MORE} {ending}"))
    assert marked.paragraphs == (BODY, f"{MORE} {ending}")


def test_agency_named_in_running_text_is_not_the_source() -> None:
    marked = mark_wire(article(f"{BODY} Das teilte Reuters mit.", "Laut der Staatsagentur Tass war es kalt."))
    assert marked.agency is None


def test_agency_of_the_head_wins_over_tail_byline_and_authors() -> None:
    full = article("Kassel (KNA) " + BODY, MORE + " (AFP)", bylines=("Von dpa",), authors=("Reuters",))
    assert mark_wire(full).agency == "KNA"
    assert mark_wire(replace(full, paragraphs=(BODY, MORE + " (AFP)"))).agency == "AFP"
    assert mark_wire(replace(full, paragraphs=(BODY, MORE))).agency == "dpa"
    assert mark_wire(replace(full, paragraphs=(BODY, MORE), bylines=())).agency == "Reuters"


@pytest.mark.parametrize(
    ("line", "people", "agency"),
    [
        ("Von Anna Beispiel und Jan Muster, Kassel", ("Anna Beispiel", "Jan Muster"), None),
        ("Von Max Mustermann, dpa", ("Max Mustermann",), "dpa"),
        ("By JANE VAN DER ROE", ("Jane van der Roe",), None),
        ("By John Doe, Associated Press", ("John Doe",), "AP"),
        ("By Ann Other and John Doe The Associated Press", ("Ann Other", "John Doe"), None),
        ("By Ben Roe", ("Ben Roe",), None),
        ("Ein Kommentar von Dr. Eva-Maria Klar (Chefredakteurin)", ("Eva-Maria Klar",), None),
        ("Interview: Otto Meier", ("Otto Meier",), None),
        ("Text: Uwe Klar, Foto: Ina Bild/dpa", ("Uwe Klar",), None),
        ("Von Ina Klar 3.3.2025, 18:11 Uhr", ("Ina Klar",), None),
        ("By Jane Roe, Political Editor, New York", ("Jane Roe",), None),
        ("Foto: Ina Bild/dpa", (), None),
        ("Redaktion: Otto Meier", (), None),
        ("Von unserer Redaktion", (), None),
        ("Chefredakteur Otto Meier", (), None),
        ("GANZ GROSSES KINO", (), None),
        ("Von dpa 3.3.2025, 18:58", (), "dpa"),
    ],
)
def test_bylines(line: str, people: tuple[str, ...], agency: str | None) -> None:
    assert people_in([line]) == people
    assert agency_in(line) == agency


def test_byline_with_codes() -> None:
    marked = mark_wire(article(BODY, bylines=("AFP/abc",)))
    assert (marked.agency, marked.byline_codes, marked.authors) == ("AFP", "abc", ())


def test_agencies_and_desks_leave_the_authors() -> None:
    authors = ("dpa", "Redaktion", "Max Muster, AFP", "Eva Klar", "Eva Klar", "Staff and agencies", "Zoë")
    assert without_agencies(authors) == (("Max Muster", "Eva Klar", "Zoë"), "dpa")


def test_known_authors_stay_and_bylines_only_fill() -> None:
    assert mark_wire(article(BODY, authors=("Eva Klar",), bylines=("Von Otto Meier",))).authors == ("Eva Klar",)
    assert mark_wire(article(BODY, authors=("Redaktion",), bylines=("Von Otto Meier",))).authors == ("Otto Meier",)


def test_reporters_fill_the_authors_last() -> None:
    marked = mark_wire(article(BODY, "(Reporting by Jane Roe and John Doe in Leeds; Editing by Ann Other)"))
    assert marked.authors == ("Jane Roe", "John Doe")
    assert ("authors", "reporting line") in marked.origins


@pytest.mark.parametrize(
    ("caption", "credit"),
    [
        ("Die Brücke. (Archivbild) Foto: Ina Bild/Pool Beispiel/AP/dpa", "Ina Bild/Pool Beispiel/AP/dpa"),
        ("Auf dem Bild: Die Brücke. Foto: Ina Bild/dpa", "Ina Bild/dpa"),
        ("Bild: Ina Bild", "Ina Bild"),
        ("Die Brücke © Ina Bild", "Ina Bild"),
        ("Foto © Ina Bild", "Ina Bild"),
        ("The bridge. Photo: Ina Bild", "Ina Bild"),
        ("The bridge. Photograph: Ina Bild/Getty Images", "Ina Bild/Getty Images"),
        ("The bridge (Photo by Ina Bild/Getty Images)", "Ina Bild/Getty Images"),
        ("The bridge (AP Photo/Ina Bild)", "AP Photo/Ina Bild"),
        ("The bridge (AFP / INA BILD)", "AFP / INA BILD"),
        ("Image: Beispiel AG", "Beispiel AG"),
        ("Quelle: Ina Bild", "Ina Bild"),
        ("IMAGO / Ina Bild", "IMAGO / Ina Bild"),
        ("Die Brücke. picture alliance/dpa | Ina Bild", "picture alliance/dpa | Ina Bild"),
        ("Die Brücke - Ina Bild/Pool/Reuters", "Ina Bild/Pool/Reuters"),
        ("Grafik: APA, Quelle: Beispiel", "APA, Quelle: Beispiel"),
        ("Archivfoto: Ina Bild", "Ina Bild"),
        ("Symbolbild: dpa", "dpa"),
        ("Getty Images", "Getty Images"),
        ("Die Brücke (Symbolbild)", None),
        ("Die Brücke am Abend, im Hintergrund das alte Rathaus.", None),
        ("Ein Bild der Brücke", None),
        ("", None),
    ],
)
def test_credit_of_a_caption(caption: str, credit: str | None) -> None:
    assert credit_of(caption) == credit


def test_credits_are_kept_once_in_order() -> None:
    captions = ("Foto: B Bild/dpa", "Foto: A Bild/dpa", "Die Brücke. Foto: B Bild/dpa")
    assert credits_in(captions) == ("B Bild/dpa", "A Bild/dpa")


def test_origins_say_where_each_value_came_from() -> None:
    marked = mark_wire(article("Kassel (dpa) – " + BODY, MORE + "/ab/DP/cd", bylines=("Von Eva Klar",)))
    assert marked.origins == (
        ("agency", "head of paragraph 1: Kassel (dpa) –"),
        ("dateline", "head of paragraph 1: Kassel (dpa) –"),
        ("byline_codes", "end of text"),
        ("authors", "byline"),
    )


def test_what_the_article_knows_is_not_overwritten() -> None:
    known = article("Kassel (dpa) – " + BODY, agency="AFP", dateline="Jena", byline_codes="xy")
    marked = mark_wire(known)
    assert (marked.agency, marked.dateline, marked.byline_codes) == ("AFP", "Jena", "xy")
    assert marked.paragraphs == (BODY,)


def test_every_spelling_in_the_table_finds_its_agency() -> None:
    for row in load("agencies.toml")["agency"]:
        for name in (row["name"], *row.get("aliases", ())):
            found = agency_of(name)
            assert found is not None, name
            assert found.name == row["name"], f"{name} is claimed by {found.name} and {row['name']}"


@pytest.mark.parametrize("row", load("agencies.toml")["agency"], ids=lambda row: row["name"])
def test_every_agency_of_the_table_is_found_in_a_head(row: dict[str, Any]) -> None:
    assert mark_wire(article(f"LONDON, March 3 ({row['name']}) - {BODY}")).agency == row["name"]


WORD = re.compile(r"\w+")
PIECES = [BODY, TEASER, *(head for head, _, _ in HEADS), *(tail for tail, _, _ in TAILS), "\n", " ", "(", ")", "/", "«"]
MARKED = st.lists(st.sampled_from(PIECES) | st.text(max_size=12), max_size=5).map("".join)
PLAIN = st.lists(
    st.sampled_from(
        [
            "Der",
            "Rat",
            "hat",
            "und/oder",
            "CDU/CSU",
            "2025/26",
            "km/h",
            "(wie",
            "immer)",
            "dpa",
            "Reuters",
            "in",
            "Berlin",
            "–",
            "the",
            "AP",
            "said",
        ]
    ),
    min_size=1,
    max_size=30,
).map(lambda words: "Heute sagt er: " + " ".join(words) + " war gut.")


def words_of(marked: Article) -> list[str]:
    return WORD.findall("\n".join(((marked.lead or ""), *marked.paragraphs)))


@settings(max_examples=300, deadline=None)
@given(st.lists(MARKED, max_size=9), st.none() | MARKED, st.lists(MARKED, max_size=2), st.lists(st.text(), max_size=2))
def test_only_marks_leave_and_a_second_call_changes_nothing(
    paragraphs: list[str], lead: str | None, bylines: list[str], others: list[str]
) -> None:
    before = article(*paragraphs, lead=lead, bylines=tuple(bylines), captions=tuple(bylines), authors=tuple(others))
    after = mark_wire(before)
    went_in = iter(words_of(before))
    assert all(word in went_in for word in words_of(after)), "a word is new or moved"
    assert replace(mark_wire(after), origins=()) == replace(after, origins=())


@settings(max_examples=300, deadline=None)
@given(st.lists(PLAIN, min_size=1, max_size=6))
def test_text_without_marks_is_unchanged(paragraphs: list[str]) -> None:
    assert mark_wire(article(*paragraphs)).paragraphs == tuple(paragraphs)


@pytest.mark.parametrize(
    "unit",
    ["a", "A/", "(", "(dpa)", "Berlin (dpa) – ", "/ab/DP/cd", "X. Berlin (dpa) – ", " ", "\x00", "\ud800", "1.", "Ab "],
)
def test_a_megabyte_without_structure_takes_no_time(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    started = time.perf_counter()
    mark_wire(article(text, lead=text, bylines=(text,), captions=(text,), authors=(text,)))
    assert time.perf_counter() - started < 2
