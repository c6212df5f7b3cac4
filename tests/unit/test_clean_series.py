"""Rows of tables and numbered subheads beside the menus and episodes that look like them."""

from __future__ import annotations

import pytest

from tests.build import article
from transforms.clean.article import clean_article

PROSE = (
    "The ferry to the outer islands will not leave before noon, since the pilot has lost his keys in the harbour.",
    "He was seen on the quay with a magnet on a string, and had found two bicycles and a letter box by ten.",
    "The town has promised to lend him a diver, who is busy with the keys of the mayor until the afternoon.",
)
MENU = "Start | Boats | Tides | Letters"


def kept(*lines: str) -> list[str]:
    """Those of the lines that cleaning leaves between running text."""
    cleaned = clean_article(article(PROSE[0], *lines, *PROSE[1:], kind="html", language="en"))
    return [line for line in cleaned.article.paragraphs if line not in PROSE]


@pytest.mark.parametrize(
    "rows",
    [
        ("Boat | Owner | Return", "Marlene | Jansen | 20"),
        ("Boat | Owner | Harbour", "Marlene | Jansen | Norddeich", "Sixpence | Nobody | Bensersiel"),
    ],
    ids=["numbers", "three rows"],
)
def test_rows_of_a_table_stay(rows: tuple[str, ...]) -> None:
    assert kept(*rows) == list(rows)


@pytest.mark.parametrize("lines", [(MENU,), (MENU, MENU, MENU), (MENU, "Imprint | Privacy | Contact | Help")])
def test_menus_go(lines: tuple[str, ...]) -> None:
    assert kept(*lines) == []


def test_subheads_numbered_from_one_stay() -> None:
    heads = ("#1 Find the magnet", "#2 Find the string", "#3 Find the keys")
    assert kept(*heads) == list(heads)


def test_an_episode_goes() -> None:
    assert kept("#41 How locks are picked") == []
