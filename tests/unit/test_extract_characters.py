"""Bytes to characters, and characters to lines."""

from __future__ import annotations

import time

import pytest

from transforms.extract.characters import normalize, one_line
from transforms.extract.charset import decode
from transforms.extract.fragment import blocks_of_fragment
from transforms.extract.plain import paragraphs_of_text

TEXT = "Größe und Gewicht der „Äpfel“ – 5 €.\n" * 3


@pytest.mark.parametrize(
    ("body", "content_type", "encoding"),
    [
        (TEXT.encode(), "text/plain; charset=iso-8859-1", "utf-8"),
        (TEXT.encode("cp1252"), "text/html; charset=utf-8", "cp1252"),
        (TEXT.encode("cp1252"), "", "cp1252"),
        (TEXT.encode("cp1252"), "text/html; charset=iso-8859-1", "cp1252"),
        (b"\xff\xfe" + TEXT.encode("utf-16-le"), "text/html; charset=utf-8", "utf-16-le"),
        (TEXT.encode("utf-16-be"), "", "utf-16-be"),
        (b"\xef\xbb\xbf" + TEXT.encode(), "", "utf-8"),
    ],
)
def test_bytes_win_over_labels(body: bytes, content_type: str, encoding: str) -> None:
    decoded = decode(body, content_type)
    assert (decoded.text, decoded.encoding) == (TEXT, encoding)


@pytest.mark.parametrize(
    ("text", "encoding", "label"),
    [
        ("Привет, как дела сегодня", "koi8-r", "koi8-r"),
        ("港の新しい岸壁", "shift_jis", "shift_jis"),
        ("日本", "iso2022_jp", "iso-2022-jp"),
    ],
)
def test_a_label_that_fits_is_believed(text: str, encoding: str, label: str) -> None:
    meta = f'<html><meta charset="{label}">'.encode()
    assert decode(text.encode(encoding), f"text/html; charset={label}").text == text
    assert text in (decode(meta + text.encode(encoding), "").text or "")


@pytest.mark.parametrize("label", ["", "utf-8", "iso-8859-1", "unicode_escape", "rot13", "zip", "utf-7", "nonsense"])
def test_a_broken_byte_does_not_spoil_the_rest(label: str) -> None:
    decoded = decode(TEXT.encode() + b"\xe2\x82", f"text/html; charset={label}")
    assert decoded.text == TEXT + "\ufffd"


@pytest.mark.parametrize("body", [bytes(2000), bytes(range(256)) * 40, b"\x89PNG\r\n\x1a\n" + bytes(range(32)) * 99])
def test_binary_data_is_no_text(body: bytes) -> None:
    assert decode(body, "text/plain").text is None


def test_control_characters_go() -> None:
    assert decode(b"a\0b\x08c\x1e\n", "").text == "abc\n"
    assert normalize("a\u00adb\u200b\u2028c\u00a0 d\r\ne\rf") == "ab\nc d\ne\nf"
    assert one_line(" a\n\u00a0b \t c") == "a b c"


def test_wrapped_text_is_unwrapped() -> None:
    wrapped = (
        "Der neue Kai am Nordhafen ist nach zwei Jahren Bau-\nzeit fertig geworden, sagte die Leiterin am\n"
        "Montag vor den Gästen aus Stadt und Land, und die\nBau- und Hafenbehörde freut sich darüber.\n\n"
        "Am Dienstag legt das erste Schiff an, ein Frachter\naus dem Norden mit Holz und Papier für den Süden,\n"
        "danach folgen zwei weitere aus dem fernen Westen\nmit Obst und mit Getreide.\n"
    )
    first, second = paragraphs_of_text(wrapped)
    assert "Bauzeit fertig" in first and "Bau- und Hafenbehörde" in first
    assert second.endswith("Westen mit Obst und mit Getreide.")


def test_lines_without_blank_ones_stay_paragraphs() -> None:
    lines = ("Der neue Kai am Nordhafen ist seit dem Montag fertig.",) * 8
    assert paragraphs_of_text("\n".join(lines) + "\n") == lines


def test_long_input_takes_no_long_time() -> None:
    start = time.perf_counter()
    paragraphs_of_text("x" * 1_000_000)
    paragraphs_of_text("Der Kai am Hafen ist am Montag fertig geworden.\n" * 40_000 + "\n.")
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    ("fragment", "paragraphs"),
    [
        ("<p>Eins <b>zwei</b> drei</p><p>Vier</p>", ("Eins zwei drei", "Vier")),
        ("Eins<br>zwei<ul><li>drei<li>vier</ul>fünf", ("Eins", "zwei", "drei", "vier", "fünf")),
        ("Vor<figure><img><figcaption>Bild</figcaption></figure>nach", ("Vor", "nach")),
        ("Vor<iframe src=x></iframe>nach<script>x()</script>.", ("Vor", "nach.")),
        ("a &lt; b &amp; c", ("a < b & c",)),
        ("<p>Tief" + "<div>" * 100_000, ("Tief",)),
        ("<!-- nichts -->", ()),
        ("", ()),
    ],
)
def test_fragments(fragment: str, paragraphs: tuple[str, ...]) -> None:
    assert blocks_of_fragment(fragment).paragraphs == paragraphs


def test_a_caption_inside_of_a_caption_is_told_once() -> None:
    nested = "<figcaption>Der Kai <figcaption>Foto: Berg</figcaption></figcaption>"
    assert blocks_of_fragment(nested).captions == ("Der Kai Foto: Berg",)
