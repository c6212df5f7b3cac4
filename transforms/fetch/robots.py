"""robots.txt as RFC 9309 reads it: which group holds for a crawler, and which of its rules for a path.

Written out here because the group has to be chosen by the whole product token: the parsers at hand (the standard
library's, Protego 0.7) also choose a group `dep` for a crawler named `Depesche`.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote

from transforms.fetch.site import parse_address

MAX_BYTES = 500 * 1024
MAX_REDIRECTS = 5

_TOKEN = re.compile(r"[A-Za-z_-]*")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_SAFE = "!\"#$%&'()*+,/:;<=>?@[\\]^`{|}~ "
_DELAY = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")


class Rule(NamedTuple):
    """One line: does it allow, and for which paths (percent-encoded in one way)."""

    is_allowing: bool
    pattern: str


class Rules(NamedTuple):
    """What holds for one crawler."""

    rules: tuple[Rule, ...] = ()
    crawl_delay_s: float | None = None

    def allow(self, url: str) -> bool:
        """Whether an address may be fetched: the longest matching rule decides, of two equally long the allowing one.

        An address that cannot be read is forbidden: no rule can be held against it.
        """
        try:
            path = normalized_path(parse_address(url).url.split("://", 1)[1].partition("/")[2])
        except ValueError:
            return False
        if path == "/robots.txt":
            return True
        matching = [(len(rule.pattern), rule.is_allowing) for rule in self.rules if matches(rule.pattern, path)]
        return max(matching, default=(0, True))[1]


ALLOW_ALL = Rules()
FORBID_ALL = Rules((Rule(False, "/"),))


def is_unreachable(status: int | None) -> bool:
    """Whether an answer forbids everything until the server is well again (RFC 9309, 2.3.1.4).

    None stands for no answer. 429 counts as a server that is overwhelmed, not as one without a robots.txt.
    """
    return status is None or status >= 500 or status == 429


def rules_for(robots: bytes, status: int | None, user_agent: str) -> Rules:
    """What an answer to ``/robots.txt`` means: its body (of which `MAX_BYTES` are read) and its status.

    Other statuses than 2xx allow everything (2.3.1.3), unless the server was unreachable.
    """
    if is_unreachable(status):
        return FORBID_ALL
    return parse(robots, user_agent) if status and 200 <= status < 300 else ALLOW_ALL


def allowed(robots: bytes, status: int | None, url: str, user_agent: str) -> bool:
    """Whether ``url`` may be fetched by ``user_agent`` (of which the product token counts)."""
    return rules_for(robots, status, user_agent).allow(url)


def crawl_delay(robots: bytes, user_agent: str) -> float | None:
    """Seconds between two requests, which RFC 9309 does not know and many files name."""
    return parse(robots, user_agent).crawl_delay_s


def parse(robots: bytes, user_agent: str) -> Rules:
    """The rules of all groups that name the crawler's product token, or else of those for ``*``.

    A Crawl-delay is a rule of its group, although the standard does not know it: what follows it is another group.
    """
    own_token = _TOKEN.match(user_agent.strip())
    own = own_token.group().lower() if own_token else ""
    groups: dict[str, list[Rule]] = {}
    delays: dict[str, float] = {}
    agents: list[str] = []
    is_naming = False
    for line in robots[:MAX_BYTES].removeprefix(b"\xef\xbb\xbf").splitlines():
        field, value = _field_of(line)
        if field == "user-agent":
            agents = [*agents, _agent(value)] if is_naming else [_agent(value)]
            groups.setdefault(agents[-1], [])
            is_naming = True
        elif field in ("allow", "disallow") and agents:
            is_naming = False
            if value:
                rule = Rule(field == "allow", normalized_pattern(value))
                for agent in {*agents} & {own, "*"}:
                    groups[agent].append(rule)
        elif field == "crawl-delay" and agents:
            is_naming = False
            if _DELAY.fullmatch(value):
                delays |= {agent: max(float(value), delays.get(agent, 0.0)) for agent in agents}
    chosen = own if own and own in groups else "*"
    return Rules(tuple(groups.get(chosen, ())), delays.get(chosen))


def matches(pattern: str, path: str) -> bool:
    """Whether a pattern with ``*`` and a final ``$`` fits a path from its start; in time linear in both."""
    is_anchored = pattern.endswith("$")
    first, *others = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    if not others:
        return not is_anchored or len(path) == len(first)
    at = len(first)
    last = others.pop() if is_anchored else ""
    for part in others:
        if part:
            at = path.find(part, at)
            if at < 0:
                return False
            at += len(part)
    return path.endswith(last) and len(path) - len(last) >= at


def normalized_pattern(value: str) -> str:
    """A rule's value in the spelling that paths are compared in; it begins with a slash or a star."""
    return value if value.startswith("*") and value.isascii() and "%" not in value else _rooted(_normalized(value))


def normalized_path(target: str) -> str:
    """A path with query, without its first slash, in the spelling of `normalized_pattern` (RFC 9309, 2.2.2)."""
    return "/" + _normalized(target)


def _rooted(pattern: str) -> str:
    return pattern if pattern.startswith(("/", "*")) else "/" + pattern


def _normalized(text: str) -> str:
    return _ESCAPE.sub(_plain_escape, quote(text, safe=_SAFE, errors="replace"))


def _plain_escape(found: re.Match[str]) -> str:
    character = chr(int(found.group(1), 16))
    return character if character in _UNRESERVED else found.group().upper()


def _field_of(line: bytes) -> tuple[str, str]:
    name, _, value = line.partition(b"#")[0].partition(b":")
    return name.strip().lower().decode("latin-1"), value.strip().decode("utf-8", "replace")


def _agent(value: str) -> str:
    """A product token in lower case; what stands behind it (a version) does not count."""
    token = _TOKEN.match(value)
    return "*" if value.startswith("*") else token.group().lower() if token else ""
