"""What is an article, and what is a page that says why it holds none."""

from __future__ import annotations

import pytest

from tests.build import article
from transforms.clean.verdict import MAX_SIGN_WORDS, accept, signs
from transforms.elements import Article, Reject


@pytest.mark.parametrize(
    ("title", "line"),
    [
        ("Seite nicht gefunden", "Die Adresse hat sich geändert, oder der Beitrag ist gelöscht worden."),
        ("404", "Leider ist hier nichts zu sehen, was Sie suchen."),
        ("Error 503", "The server is busy at the moment, please try it later."),
        ("Page not found | The Harbour Post", "Try our front page or the search box instead of this."),
        ("Sorry, the page you requested can't be found", "Try our front page or the search box instead."),
        ("Just a moment...", "Checking if the site connection is secure, this may take some seconds."),
        (None, "Bitte bestätigen Sie, dass Sie ein Mensch sind, um zur Zeitung zu kommen."),
        ("Bevor Sie fortfahren", "Wir verwenden Cookies und andere Daten für die Messung unserer Zugriffe."),
        ("Anmelden", "Benutzername, Passwort, angemeldet bleiben und Passwort vergessen stehen hier."),
        ("Log in | The Harbour Post", "Email address and password go here for all of our readers."),
    ],
)
def test_pages_that_say_that_they_hold_no_article(title: str | None, line: str) -> None:
    found = accept(article(line, title=title))
    assert isinstance(found, Reject) and found.reason == "no_article", found


@pytest.mark.parametrize(
    ("title", "line"),
    [
        ("Fundbüro: Nicht gefunden, was er suchte", "Ein Mann suchte am Montag im Fundbüro seinen Schirm."),
        ("Login-Daten von Tausenden gestohlen", "Unbekannte haben am Montag die Daten von Kunden gestohlen."),
        ("Error in judgment costs captain his job", "The captain of the ferry was dismissed on Monday by the board."),
        (
            "Rat verweigert Zugriff auf Akten",
            "Der Zugriff auf die Akten bleibt den Abgeordneten verwehrt, sagt der Rat.",
        ),
        ("404 Stimmen für Solbach", "Die Tierärztin bekam 404 Stimmen und gewann damit die Wahl am Sonntag."),
        (None, "Ein Satz mit genau fünf Wörtern."),
    ],
)
def test_articles_with_such_words_are_articles(title: str | None, line: str) -> None:
    assert isinstance(accept(article(line, title=title)), Article)


def test_a_long_text_is_an_article_about_error_pages() -> None:
    long = "Diese Seite wurde leider nicht gefunden, und das ist ein Satz. " * MAX_SIGN_WORDS
    assert isinstance(accept(article(long, title="Seite nicht gefunden")), Article)


def test_a_subscription_wall_is_no_login_page() -> None:
    teaser = "Der Hafen wird am Montag eröffnet, und alle Anwohner sind eingeladen."
    assert isinstance(accept(article(teaser, title="Anmelden", paywalled=True)), Article)


@pytest.mark.parametrize(("lines", "reason"), [((), "no_article"), (("Nur vier kurze Wörter",), "too_short")])
def test_what_is_left_must_be_something(lines: tuple[str, ...], reason: str) -> None:
    found = accept(article(*lines))
    assert isinstance(found, Reject) and found.reason == reason


@pytest.mark.parametrize("sign", signs(), ids=lambda sign: sign.name)
def test_every_sign_sees_its_own_example(sign: object) -> None:
    example = sign.example  # type: ignore[attr-defined]
    found = accept(article("Ein Absatz, der sonst nichts weiter zu sagen hat.", title=example))
    assert not isinstance(found, Article) or isinstance(accept(article(example + " " + example)), Reject)
