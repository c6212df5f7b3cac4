"""Values as users write them, in the sources file and on the command line: text to value, or what to change.

Each function takes the text and the name of what it was given for, which begins the message of its `UsageError`.
"""

from __future__ import annotations

import importlib
import ipaddress
import re
import warnings
from typing import Any
from urllib.parse import urldefrag, urlsplit

from pipeline.config import UsageError, parse_duration

MAX_ADDRESS_CHARS = 2048
MAX_PATTERN_CHARS = 1000
MAX_NAME_CHARS = 100
_MAX_SECONDS = 36_500 * 86_400.0
_MAX_USER_AGENT_CHARS = 500

_COUNT = re.compile(r"0|[1-9][0-9]{0,9}")
_MAILTO = re.compile(r"(mailto:)?[^\s@:/()<>\\]{1,64}@[^\s@:/()<>\\]{1,253}", re.I)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.I)
_USER_AGENT = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+(?:[/ ][ -~]*)?")


def shown(text: str) -> str:
    """The text as a message quotes it: on one line, and short."""
    return repr(text if len(text) <= 80 else text[:79] + "…")


def shown_duration(seconds: float) -> str:
    """As `parse_duration` reads it, in the largest unit that leaves a whole number: ``15m``, ``90s``, ``0.5s``."""
    for unit, size in (("d", 86_400.0), ("h", 3600.0), ("m", 60.0)):
        if seconds >= size and not seconds % size:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:g}s"


def parse_interval(text: str, option: str) -> float:
    """A duration of at most a hundred years, to seconds: far from where the arithmetic of dates ends."""
    seconds = parse_duration(text, option)
    if seconds > _MAX_SECONDS:
        raise UsageError(f"{option} {shown(text)}: give at most {shown_duration(_MAX_SECONDS)}")
    return seconds


def parse_count(text: str, option: str, *, least: int = 0, most: int = 10**9) -> int:
    """A whole number in decimal digits, within bounds."""
    count = int(text.strip()) if _COUNT.fullmatch(text.strip()) else -1
    if not least <= count <= most:
        bounds = f"from {least} to {most}" if most < 10**9 else f"of {least} or more"
        raise UsageError(f"{option} {shown(text)}: give a whole number {bounds}")
    return count


def parse_truth(text: str, option: str) -> bool:
    """``true`` or ``false``, and none of the other words that YAML takes for them."""
    if text not in ("true", "false"):
        raise UsageError(f"{option} {shown(text)}: write true or false")
    return text == "true"


def checked_name(text: str, option: str) -> str:
    """A name for records and messages: on one line, printable."""
    if not text.strip() or text != text.strip() or not text.isprintable() or len(text) > MAX_NAME_CHARS:
        raise UsageError(f"{option} {shown(text)}: give 1 to {MAX_NAME_CHARS} printable characters")
    return text


def checked_address(text: str, option: str) -> str:
    """An absolute http or https address (RFC 3986) that can be fetched, without its fragment."""
    if problem := _problem_of(text):
        raise UsageError(f"{option} {_shown_address(text)}: {problem}")
    return urldefrag(text).url


def _shown_address(text: str) -> str:
    """Without credentials: messages end in logs."""
    return shown(re.sub(r"//[^/]*@", "//…@", text[: MAX_ADDRESS_CHARS + 1]))


def _problem_of(address: str) -> str | None:
    if len(address) > MAX_ADDRESS_CHARS:
        return f"an address has at most {MAX_ADDRESS_CHARS} characters"
    if any(char.isspace() or not char.isprintable() for char in address):
        return "no address holds a space or a control character; write them as %20 and the like"
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        return f"not an address: {error}"
    if parts.scheme not in ("http", "https") or not parts.netloc:
        is_bare = "://" not in address and "." in address.partition("/")[0] and "@" not in address
        hint = f"; did you mean {shown('https://' + address)}?" if is_bare and not address.startswith(".") else ""
        return f"give an address that begins with https:// or http:// and a host{hint}"
    if "@" in parts.netloc:
        return "no user name or password in an address"
    if port == 0:
        return "a port is a number from 1 to 65535"
    return None if is_host(parts.hostname or "") else f"{shown(parts.hostname or '')} is no host"


def is_host(host: str) -> bool:
    """Whether it can be a host of the web: a name of the DNS, also with letters beyond ASCII, or an IP address."""
    if len(host) > 253 or "%" in host:
        return False
    try:
        if ":" in host or host.rpartition(".")[2].isdecimal():
            return bool(ipaddress.ip_address(host))
        ascii_host = host.encode("idna").decode("ascii").removesuffix(".")
    except ValueError:
        return False
    return all(_LABEL.fullmatch(label) for label in ascii_host.split("."))


def checked_contact(text: str, option: str) -> str:
    """A web or mailto: address, as it can stand in a user agent's comment (RFC 9110, section 10.1.5)."""
    if mail := _MAILTO.fullmatch(text):
        if not mail.group(1):
            raise UsageError(f"{option} {shown(text)}: write it as {shown('mailto:' + text)}")
    elif problem := _problem_of(text):
        raise UsageError(f"{option} {_shown_address(text)}: {problem}; or give a mailto: address")
    if not text.isascii() or not text.isprintable() or re.search(r"[()\\]", text):
        raise UsageError(f"{option} {shown(text)}: it becomes part of a header: use ASCII without brackets")
    return text


def checked_user_agent(text: str, option: str) -> str:
    """A user agent that begins with a product's name, by which robots.txt addresses it (RFC 9309, section 2.2.1)."""
    if len(text) > _MAX_USER_AGENT_CHARS or not _USER_AGENT.fullmatch(text):
        raise UsageError(
            f"{option} {shown(text)}: begin with a name, as in 'ExampleBot/1.0 (+https://example.org/bot)', in ASCII"
        )
    return text


def checked_pattern(text: str, option: str) -> str:
    """A regular expression that compiles and whose search cannot take exponential time in the address's length."""
    if len(text) > MAX_PATTERN_CHARS:
        raise UsageError(f"{option} {shown(text)}: a pattern has at most {MAX_PATTERN_CHARS} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)  # what a later Python will read otherwise: "[[a]"
            re.compile(text)
            is_endless = _repeats_repeats(_PARSER.parse(text))
    except (re.error, RecursionError, OverflowError, FutureWarning) as error:
        raise UsageError(f"{option} {shown(text)}: no regular expression: {error}") from error
    if is_endless:
        raise UsageError(
            f"{option} {shown(text)}: a repeat of nothing but repeats can take forever; make one repeat of it"
        )
    return text


# The parse tree of the standard library: private, but the only parser that reads exactly what `re` reads.
_PARSER: Any = importlib.import_module("re._parser")
_MANY = 16
"""Repeats up to less than this count as bounded."""


def _repeats_repeats(tree: Any) -> bool:
    """Whether a repeat holds, between its rounds, nothing but another repeat and what may be absent: ``(a+b?)*``.

    Then the same characters can be shared out between the rounds in exponentially many ways. Something of fixed form
    in each round, as in ``(/[a-z]+)*``, marks the rounds in all patterns that addresses call for.
    """
    for operator, argument in tree:
        name = str(operator)
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            _, most, body = argument
            if most >= _MANY and any(_is_only_repeats(way) for way in _alternatives(body)):
                return True
        if any(_repeats_repeats(inner) for inner in _inner_trees(argument)):
            return True
    return False


def _is_only_repeats(items: list[Any]) -> bool:
    repeats = [argument for operator, argument in items if str(operator) in ("MAX_REPEAT", "MIN_REPEAT")]
    fixed = len(items) - len(repeats) + sum(1 for least, most, _ in repeats if least and most < _MANY)
    return fixed == 0 and any(most >= _MANY for _, most, _ in repeats)


def _alternatives(tree: Any) -> list[list[Any]]:
    """The ways through a tree's outermost groups and branches, each a list of items; zero-width items are left out."""
    items = [item for item in tree if str(item[0]) not in ("AT", "ASSERT", "ASSERT_NOT")]
    if len(items) != 1:
        return [items]
    operator, argument = items[0]
    if str(operator) == "SUBPATTERN":
        return _alternatives(argument[3])
    if str(operator) == "BRANCH":
        return [way for branch in argument[1] for way in _alternatives(branch)]
    return [items]


def _inner_trees(argument: Any) -> list[Any]:
    if isinstance(argument, _PARSER.SubPattern):
        return [argument]
    if isinstance(argument, list | tuple):
        return [tree for part in argument for tree in _inner_trees(part)]
    return []
