"""What comes of one request: an answer, or a fault."""

from __future__ import annotations

from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urldefrag, urljoin

from transforms.elements import Validators
from transforms.fetch.site import Address
from transforms.reasons import Reason

MAX_VALIDATOR_CHARS = 1024


class Answer(NamedTuple):
    """What a server answered: headers with names in lower case; the body without its content codings."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first header of a name (in lower case)."""
        return next((value for key, value in self.headers if key == name), None)

    @property
    def validators(self) -> Validators:
        """For the next request; one that is too long to be sent is none."""
        etag, modified = self.header("etag"), self.header("last-modified")
        return Validators(
            etag if etag and len(etag) <= MAX_VALIDATOR_CHARS else None,
            modified if modified and len(modified) <= MAX_VALIDATOR_CHARS else None,
        )


class FetchError(Exception):
    """There was no whole answer.

    Args:
        reason: of the closed list.
        detail: what was seen.
        is_passing: whether another attempt may go well.
        is_of_host: whether every request to this server would meet it.
    """

    def __init__(self, reason: Reason, detail: str, *, is_passing: bool = False, is_of_host: bool = False) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = " ".join(detail[:500].split())
        self.is_passing = is_passing
        self.is_of_host = is_of_host


def redirect_target(base: Address, location: str) -> str:
    """The address that a Location header leads to, without fragment; raises `FetchError` where that is none."""
    try:
        return urldefrag(urljoin(base.url, location.strip())).url
    except ValueError:
        raise FetchError(Reason.BAD_URL, f"a redirect to no address: {location[:200]!r}") from None


def conditions(validators: Validators) -> dict[str, str]:
    """The headers of a conditional request (RFC 9110, section 13.1), without what cannot stand in a header."""
    pairs = (("If-None-Match", validators.etag), ("If-Modified-Since", validators.last_modified))
    return {name: value for name, value in pairs if value and len(value) <= MAX_VALIDATOR_CHARS and value.isprintable()}


def status_text(status: int) -> str:
    """A status with its standard phrase."""
    return f"{status} {HTTPStatus(status).phrase}" if status in HTTPStatus._value2member_map_ else f"{status}"
