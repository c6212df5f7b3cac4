"""Bytes of a page or text to characters."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

from charset_normalizer import from_bytes

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([a-zA-Z0-9_.:-]{2,40})", re.I)
_XML = re.compile(rb"<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([a-zA-Z0-9_.:-]{2,40})")
_PARAM = re.compile(r"charset\s*=\s*[\"']?([a-zA-Z0-9_.:-]{2,40})", re.I)
# The encoding standard of browsers reads these labels as the Windows code page.
_AS_WINDOWS = {"iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874"}
_HEAD_BYTES = 4096
_SAMPLE_CHARS = 65_536
_MAX_BAD = 0.01
_BROKEN_UTF8 = 0.1
_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]")

_ASCII_CONTROLS = bytes((*range(9), 0x0B, *range(0x0E, 0x20), 0x7F))
_WIDE_SIGNS = (b"\xef\xbb\xbf", b"\xef\xbf\xbe", b"\xef\xbf\xbf")
_C1_CONTROLS = re.compile(rb"\xc2[\x80-\x9f]")


class Decoded(NamedTuple):
    """Characters, the encoding they were read with and who said it. ``text`` is None where no encoding fits."""

    text: str | None
    encoding: str
    evidence: str


def decode(body: bytes, content_type: str) -> Decoded:
    """Decode as browsers do, but believe the bytes over a label that they contradict.

    A byte order mark decides; then valid UTF-8, which text in another encoding practically never is, also with a few
    broken bytes (a page cut within a character, an advertisement pasted in another encoding); then the header's
    charset, the page's own declaration, Windows-1252, and detection. Control characters are taken out.
    """
    for bom, encoding in _BOMS:
        if body.startswith(bom):
            return _accept(body[len(bom) :].decode(encoding, "replace"), encoding, "byte order mark")
    if (utf16 := _utf16_without_bom(body)) is not None:
        return _accept(body.decode(utf16, "replace"), utf16, "zero bytes")
    claims = _claims(body, content_type)
    seven_bit = [claim for claim in claims if claim[0].startswith(("iso2022", "hz"))]
    for encoding, evidence in [*seven_bit, ("utf-8", "valid UTF-8"), *claims, ("cp1252", "no other fits")]:
        try:
            return _accept(body.decode(encoding), encoding, evidence)
        except (UnicodeError, ValueError):
            if evidence == "valid UTF-8" and (text := _broken_utf8(body)) is not None:
                return _accept(text, encoding, "mostly valid UTF-8")
    if claims:
        text = body.decode(claims[0][0], "replace")
        if text.count("\ufffd") <= len(text) * _MAX_BAD:
            return _accept(text, *claims[0])
    best = from_bytes(body[: 1 << 18]).best()
    encoding = best.encoding if best else "utf-8"
    return _accept(body.decode(encoding, "replace"), encoding, "detection")


def _broken_utf8(body: bytes) -> str | None:
    """The text, if at most one in ten of what is not ASCII is no UTF-8."""
    text = body.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    return text if bad <= _BROKEN_UTF8 * beyond_ascii else None


def _accept(text: str, encoding: str, evidence: str) -> Decoded:
    clean = _CONTROLS.sub("", text) if _may_hold_controls(text) else text
    sample = text[:_SAMPLE_CHARS]
    bad = sample.count("\ufffd")
    if len(clean) < len(text):
        bad += len(_CONTROLS.findall(sample.replace("\ufeff", "")))
    if bad > max(len(sample) * _MAX_BAD * 5, 8):
        return Decoded(None, encoding, evidence)
    return Decoded(clean, encoding, evidence)


def _may_hold_controls(text: str) -> bool:
    """A quick look at the text's UTF-8, which spares nearly all pages the slow search of their characters."""
    data = text.encode("utf-8", "surrogatepass")
    if len(data.translate(None, _ASCII_CONTROLS)) < len(data):
        return True
    if text.isascii():
        return False
    return any(sign in data for sign in _WIDE_SIGNS) or _C1_CONTROLS.search(data) is not None


def _claims(body: bytes, content_type: str) -> list[tuple[str, str]]:
    head = body[:_HEAD_BYTES]
    found = (
        (_PARAM.search(content_type), "header"),
        (_XML.match(head.lstrip()), "XML declaration"),
        (_META.search(head), "meta"),
    )
    claims: list[tuple[str, str]] = []
    for match, evidence in found:
        label = match.group(1) if match else None
        name = _codec(label.decode("ascii") if isinstance(label, bytes) else label)
        if name and name not in [known for known, _ in claims]:
            claims.append((name, evidence))
    return claims


def _codec(label: str | None) -> str | None:
    try:
        codec = codecs.lookup(label or "")
    except LookupError:
        return None
    # Python's registry also has codecs that are no character encodings (zip, rot13), and UTF-7 is an attack.
    if not codec._is_text_encoding or codec.name.startswith(
        ("utf-7", "utf-16", "utf-32", "idna", "puny", "raw", "unicode")
    ):
        return None
    return _AS_WINDOWS.get(codec.name, codec.name)


def _utf16_without_bom(body: bytes) -> str | None:
    even, odd = body[0:_HEAD_BYTES:2], body[1:_HEAD_BYTES:2]
    if len(odd) < 4 or len(body) % 2:
        return None
    zeros = even.count(0) / len(even), odd.count(0) / len(odd)
    if min(zeros) > 0.05 or max(zeros) < 0.6:
        return None
    return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
