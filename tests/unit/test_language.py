"""The language room: what it answers, when it declines, and that nothing makes it fail, hang or waver."""

import json
import subprocess
import sys
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from transforms.language import detectors, function_words, languages, prepare
from transforms.language.detect import CERTAIN, LanguageGuess, detect_language

GERMAN = (
    "Der Stadtrat von Beispielhausen hat gestern Abend beschlossen, das alte Hallenbad noch einmal zu sanieren. "
    "Die Kosten steigen damit auf vier Millionen Euro, wie die Bürgermeisterin nach der Sitzung mitteilte."
)
ENGLISH_NOTICE = (
    "We value your privacy. This site and its partners store cookies on your device to measure how pages are read. "
    "You can change your mind at any time in the settings. By closing this notice you agree to all of them. "
)

SENTENCES = {
    "de": GERMAN,
    "en": "The harbour authority said on Monday that three of its ferries would stay in dock until the storm passes.",
    "fr": "La commune a décidé de fermer le vieux pont aux voitures, mais les piétons pourront encore le traverser.",
    "nl": "De gemeente wil het oude zwembad niet sluiten, maar zoekt nog naar geld voor een nieuwe verwarming.",
    "da": "Kommunen vil ikke lukke den gamle svømmehal, men mangler stadig penge til et nyt varmeanlæg.",
    "no": "Kommunen vil ikke stenge den gamle svømmehallen, men mangler fortsatt penger til et nytt varmeanlegg.",
    "nn": "Kommunen vil ikkje stengja den gamle symjehallen, men manglar framleis pengar til eit nytt varmeanlegg.",
    "is": "Bærinn ætlar ekki að loka gömlu sundlauginni en enn vantar peninga til þess að gera við hana.",
    "cs": "Město nechce starý bazén zavřít, ale na nové topení mu pořád chybějí peníze, řekl starosta.",
    "sk": "Mesto nechce starý bazén zatvoriť, ale na nové kúrenie mu stále chýbajú peniaze, povedal primátor.",
    "hr": "Općina je prošli tjedan priopćila da će tvrtka obnoviti kolodvor prije početka srpnja.",
    "sr": "Opština je saopštila da će preduzeće pre početka jula obnoviti stanicu, gde su uvek gužve.",
    "tr": "Belediye eski yüzme havuzunu kapatmak istemiyor, ancak yeni ısıtma için hâlâ para arıyor.",
    "ru": "Городской совет решил не закрывать старый бассейн, но денег на новое отопление пока нет.",
    "ja": "市議会は古い屋内プールを閉鎖せず、来年から改修することを決めた。",
    "zh": "市议会决定不关闭旧游泳馆,而是从明年开始进行改造。",
    "ko": "시의회는 오래된 실내 수영장을 닫지 않고 내년부터 고치기로 결정했다.",
    "ar": "قرر مجلس المدينة عدم إغلاق المسبح القديم وسيبدأ في إصلاحه العام المقبل.",
    "ckb": "ئەنجومەنی شار بڕیاری دا مەلەوانگە کۆنەکە دانەخات و ساڵی داهاتوو نۆژەنی بکاتەوە.",
    "sw": "Baraza la mji limeamua kutofunga bwawa la zamani la kuogelea bali kulikarabati mwaka ujao.",
}


@pytest.mark.parametrize("code", SENTENCES)
def test_one_sentence_is_enough(code: str) -> None:
    guess = detect_language(SENTENCES[code])
    assert (guess.code, guess.confidence >= CERTAIN) == (code, True), guess


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("nds", "Dat is een bannig olen Diek, un de Lüüd hebbt dor jümmer wat an to doon. Nu schall he höger warrn."),
        ("nds", "De Börgermeester hett seggt, dat se dat Swemmbad nich dichtmaken wüllt."),
        ("gsw", "Mir händ das Huus nöd verchauft, wil mer kei Gäld brucht händ, und jetz isch es z spaat."),
        ("gsw", "Si het gseit, dass d Badi nid zuegaht und dass me no meh Gäld vo de Gmeind bruucht."),
        ("lb", "D'Gemeng huet decidéiert, datt déi al Schwämm net zougemaach gëtt, mee datt se nei gemaach gëtt."),
        ("hsb", "Lej, wěc je hišće wotewrjena, dokelž hłowna rada njeje wo njej rozsudźiła, zo so ničo njestanje."),
        ("dsb", "Šołta jo gronił, až jo to za wšykne, kótarež how bydle, wjeliki źeń a až se źiśi južo wjasele."),
    ],
)
def test_small_neighbours_are_told_by_their_function_words(code: str, text: str) -> None:
    assert detect_language(text).code == code


@pytest.mark.parametrize(
    "text",
    [
        "Die Großmutter sagte nur „Dat is nich so slimm“ und schloss die Tür der Gaststätte hinter sich.",
        "Bundesrat und UN beraten am Mi. und Di. über den Klimaschutz, sagte ein Sprecher der Regierung.",
        "Vu Müller, Di Maria und Si Anders waren in der Aufstellung des Trainers nicht vorgesehen.",
    ],
)
def test_german_that_looks_like_a_neighbour_here_and_there_stays_german(text: str) -> None:
    assert detect_language(text).code == "de"


@pytest.mark.parametrize("text", ["", "a", "ok", " \n\t\r", "\xa0", "12.03.2024, 14:30 Uhr", "\x00\x00", "\ud83d"])
def test_too_little_to_go_by_is_undetermined(text: str) -> None:
    assert detect_language(text) == LanguageGuess("und", 0.0, (), "too_little")


def test_one_word_over_and_over_is_too_little() -> None:
    assert detect_language("hihi " * 200).reason == "too_little"


@pytest.mark.parametrize(
    "text",
    [
        "https://www.beispiel.example/politik/der-rat-hat-entschieden https://b.example/das-ist-ein-deutscher-titel",
        "www.beispiel.example/die-neue-schule-wird-teurer @redaktion_beispielhausen @die.zeitung",
        "anna.beispiel@zeitung.example, die.redaktion@nachrichten.example",
    ],
)
def test_addresses_and_handles_are_no_text(text: str) -> None:
    assert detect_language(text).code == "und"


def test_addresses_do_not_hide_the_text_around_them() -> None:
    links = "https://www.example.com/the-mayor-and-the-council-have-decided-to-keep-the-pool "
    assert detect_language(links * 5 + SENTENCES["fr"] + " " + links * 5).code == "fr"


def test_an_address_ends_where_chinese_text_goes_on() -> None:
    assert detect_language("详情请见https://example.com/pool市议会决定不关闭旧游泳馆。").code == "zh"


@pytest.mark.parametrize(
    "text",
    [
        "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore.",
        "3f2a9c1be07d 88d1f0aa5c3b 0b1e77c2d4f9 e5a6b7c8d9f0 1c2d3e4f5a6b",
    ],
)
def test_placeholders_and_identifiers_are_no_language(text: str) -> None:
    assert detect_language(text).code == "und"


@pytest.mark.parametrize("code", ["de", "en", "fr", "nl", "cs", "ru", "tr"])
def test_capitals_do_not_change_the_answer(code: str) -> None:
    assert detect_language(SENTENCES[code].upper()).code == code


def test_an_english_headline_in_title_case_is_english() -> None:
    assert detect_language("Harbour Board Weighs Cuts as Ferry Costs Climb Again").code == "en"


def test_decomposed_umlauts_and_soft_hyphens_are_read_as_written() -> None:
    decomposed = GERMAN.replace("ü", "u\u0308").replace("Beispielhausen", "Bei\u00adspiel\u00adhausen")
    assert detect_language(decomposed) == detect_language(GERMAN)


def test_a_foreign_notice_at_the_head_does_not_name_the_language() -> None:
    page = ENGLISH_NOTICE * 4 + (GERMAN + "\n") * 12
    assert detect_language(page[:1000]).code == "en", "the notice itself should mislead, or this test tells nothing"
    assert detect_language(page).code == "de"


@pytest.mark.parametrize(
    ("text", "code", "reason", "asked"),
    [
        (GERMAN, "de", "certain", ["de"]),
        ("Neue Halle in Muster", "de", "agreed", ["de", "de"]),
        ("Vila Nova e Porto", "und", "disagreed", ["gl", "pt"]),
        ("Rom, Paris, Lima, Oslo, Bern, Riga", "und", "unlikely", ["bs"]),
        ("Si het gseit, dass d Badi nid zuegaht.", "gsw", "function_words", ["de"]),
    ],
)
def test_the_answer_says_what_led_to_it(text: str, code: str, reason: str, asked: list[str]) -> None:
    guess = detect_language(text)
    assert (guess.code, guess.reason, [vote.code for vote in guess.votes]) == (code, reason, asked)


def test_windows_reach_from_the_first_to_the_last_character() -> None:
    text = "".join(f"{n:06d} " for n in range(5000))
    windows = prepare.spread(text, 100).split("\n")
    assert len(windows) == prepare.WINDOWS
    assert windows[0].startswith("000000 ")
    assert text.endswith(windows[-1])


def test_words_move_probability_within_a_family_and_keep_its_sum() -> None:
    before = {"hr": 0.4, "bs": 0.3, "sr": 0.1, "sl": 0.2}
    after = function_words.reweigh(before, ["gde", "uvek", "posle"])
    assert max(after, key=lambda code: after[code]) == "sr"
    assert sum(after.values()) == pytest.approx(1)
    assert after["sl"] == before["sl"]


@pytest.mark.parametrize(("words", "code"), [([], "de"), (["isch"], "de"), (["isch", "nöd"], "gsw")])
def test_a_language_that_no_detector_knows_needs_two_words(words: list[str], code: str) -> None:
    after = function_words.reweigh({"de": 0.9, "en": 0.1}, ["in", *words])
    assert max(after, key=lambda x: after[x]) == code


def test_languages_without_neighbours_are_left_as_they_are() -> None:
    assert function_words.reweigh({"tr": 0.6, "az": 0.3}, ["ve", "bir"]) == {"tr": 0.6, "az": 0.3}


def test_every_language_of_the_word_lists_may_be_answered() -> None:
    assert {code for group in function_words.families() for code in group} <= languages.CODES


def test_both_detectors_answer_in_known_codes() -> None:
    assert detectors.langid().languages - languages.NO_LANGUAGE <= languages.CODES
    assert detectors.langdetect().languages <= languages.CODES


TOKENS = {
    "letters": "a" * 1_000_000,
    "mail without end": "a@" * 500_000,
    "dotted": "a." * 500_000,
    "mail": "x@" + "a." * 500_000,
    "scheme": "https://" * 125_000,
    "www": "www." * 250_000,
    "apostrophes": "a'" * 500_000,
    "marks": "a" + "\u0301\u0323" * 500_000,
    "dotted capital I": "İ" * 1_000_000,
    "surrogates": "\ud800" * 1_000_000,
    "spaces": " " * 1_000_000,
}


@pytest.mark.parametrize("name", TOKENS)
def test_a_megabyte_without_a_space_takes_no_time(name: str) -> None:
    detect_language(GERMAN)
    started = time.perf_counter()
    assert detect_language(TOKENS[name]).code == "und"
    assert time.perf_counter() - started < 1.0


RACE = """
import json, sys, threading
from transforms.language.detect import detect_language
texts = json.loads(sys.stdin.read())
start, answers = threading.Barrier(12), [None] * 12
def work(i):
    start.wait()
    answers[i] = [tuple(detect_language(t)[:2]) for t in texts]
threads = [threading.Thread(target=work, args=(i,)) for i in range(12)]
[t.start() for t in threads]
[t.join() for t in threads]
print(json.dumps(answers))
"""


def test_twelve_threads_at_first_use_get_the_right_answers() -> None:
    # Names and short lines, so that both detectors are loaded and asked in the race.
    texts = ["Neue Halle in Muster", "Vila Nova e Porto", "Rom, Paris, Lima, Oslo", "Tre nye både", *SENTENCES.values()]
    done = subprocess.run(
        [sys.executable, "-c", RACE], input=json.dumps(texts), capture_output=True, text=True, check=True, timeout=120
    )
    here = [list(detect_language(text)[:2]) for text in texts]
    assert json.loads(done.stdout) == [here] * 12


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(codec=None), max_size=300))
@example("Der Rat tagt heute \ud83d und morgen wieder")
@example("ﬁnǅ ǅungla İSTANBUL ΣΊΣΥΦΟΣ ß \u0345\u0307")
def test_any_text_gets_a_known_code_and_the_same_again(text: str) -> None:
    guess = detect_language(text)
    assert guess.code in languages.CODES
    assert 0 <= guess.confidence <= 1
    assert (guess.confidence == 0) == (guess.code == "und")
    assert detect_language(text) == guess


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([*SENTENCES.values(), "\n", "UN", "@x", "https://a.example/b"]), max_size=80))
def test_any_mixture_of_sentences_gets_a_known_code(parts: list[str]) -> None:
    assert detect_language(" ".join(parts)).code in languages.CODES
