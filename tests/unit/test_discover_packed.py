"""Lists that are gzip files: whole, in several members, cut, and many."""

from __future__ import annotations

import gzip
import time

import pytest

from transforms.discover.packed import MAX_LIST_BYTES, unpack

FIRST, SECOND = b"<urlset>" + b"<url/>" * 50_000, b"</urlset>"


@pytest.mark.parametrize("behind", [b"", bytes(1_000), b"\n"])
def test_all_members_of_a_file_are_one_list(behind: bytes) -> None:
    assert unpack(gzip.compress(FIRST) + gzip.compress(SECOND) + behind) == (FIRST + SECOND, None)


@pytest.mark.parametrize("kept", [1, 5, 12])
def test_a_member_that_breaks_off_is_said_to(kept: int) -> None:
    torn = gzip.compress(FIRST) + gzip.compress(SECOND)[:kept]
    body, fault = unpack(torn)
    assert body.startswith(FIRST) and (fault is None) == (kept == 1), "one byte is padding"


def test_members_together_have_one_bound() -> None:
    body, fault = unpack(gzip.compress(bytes([32]) + b"x" * (MAX_LIST_BYTES // 2)) * 3)
    assert len(body) <= MAX_LIST_BYTES and fault and "first 50 MiB" in fault.detail


def test_many_members_take_no_time() -> None:
    began = time.perf_counter()
    assert unpack(gzip.compress(b"") * 50_000) == (b"", None)
    assert time.perf_counter() - began < 2
