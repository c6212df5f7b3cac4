"""The closed lists of stages and reject reasons. A reason is added only when a case fits none."""

from enum import StrEnum


class Stage(StrEnum):
    """The step of the recipe that gave an input up."""

    READ = "read"
    FETCH = "fetch"
    EXTRACT = "extract"
    CLEAN = "clean"
    WIRE = "wire"
    LANGUAGE = "language"
    COPIES = "copies"
    WRITE = "write"


class Reason(StrEnum):
    """Why an input did not become an article."""

    UNREADABLE = "unreadable"
    BAD_ENCODING = "bad_encoding"
    BAD_JSON = "bad_json"
    MISSING_FIELD = "missing_field"
    BAD_FEED = "bad_feed"
    BAD_ARCHIVE = "bad_archive"
    UNSUPPORTED = "unsupported"
    BAD_URL = "bad_url"
    ROBOTS = "robots"
    ROBOTS_UNREACHABLE = "robots_unreachable"
    PRIVATE_ADDRESS = "private_address"
    DNS = "dns"
    CONNECTION = "connection"
    TLS = "tls"
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    REDIRECTS = "redirects"
    HTTP_STATUS = "http_status"
    EMPTY = "empty"
    TOO_SHORT = "too_short"
    NO_ARTICLE = "no_article"
    EXCLUDED = "excluded"
    TOO_OLD = "too_old"
    FAILED = "failed"
