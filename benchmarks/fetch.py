"""What fetching costs and how fast it goes, beside trafilatura's own downloader on the same servers in the same run.

    python benchmarks/fetch.py [--pages 5000] [--hosts 200] [--delay 1] [--kilobytes 2] [--peer-pages 500]

The servers are one process on loopback addresses; each client is a process of its own. `rate` is of what the delay
allows: one request a host and delay, robots.txt included. The peer asks one page after the other and knows no pace, so
only its CPU for a page compares.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import time
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parent.parent
AGENT = "Depesche/0 (+https://example.org/bot)"
PARAGRAPH = b"<p>Der Zug um acht faellt aus, der um neun faehrt wie immer, sagte die Schaffnerin am Bahnsteig. "


def main() -> None:
    """Measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=5_000)
    parser.add_argument("--hosts", type=int, default=200)
    parser.add_argument("--delay", type=float, default=1.0, help="seconds between two requests to a host")
    parser.add_argument("--kilobytes", type=int, default=2, help="of a page, uncompressed")
    parser.add_argument("--peer-pages", type=int, default=500)
    parser.add_argument("--role", choices=("server", "crawler", "peer"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.role == "server":
        asyncio.run(serve(options.hosts, options.kilobytes))
    elif options.role:
        client(options.role, options)
    else:
        compare(options)


def compare(options: argparse.Namespace) -> None:
    """Each client in turn against the same servers."""
    server = start("server", subprocess.PIPE)
    if not server.stdin or not server.stdout:
        raise RuntimeError("the server has no pipes")
    server.stdout.readline()
    print(f"{options.pages} pages of {options.kilobytes} KB on {options.hosts} hosts, {options.delay:g} s a host\n")
    columns = ("pages", "wall s", "pages/s", "rate", "CPU ms/page", "peak MB", "min gap/delay")
    print(f"{'':<12}" + "".join(f"{name:>14}" for name in columns))
    try:
        for role in ("crawler", "peer"):
            output = start(role, subprocess.PIPE).communicate()[0]
            server.stdin.write("gaps\n")
            server.stdin.flush()
            gap = json.loads(server.stdout.readline())
            show(role, json.loads(output), gap, options)
    finally:
        server.terminate()
        server.wait()


def start(role: str, output: int) -> subprocess.Popen[str]:
    """The same command in another role."""
    command = [sys.executable, __file__, *sys.argv[1:], "--role", role]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, stdin=output, stdout=output, text=True, env=environment)


def show(role: str, cost: dict[str, float], gap: float | None, options: argparse.Namespace) -> None:
    """A line of the table."""
    rounds = -(-options.pages // options.hosts)  # the robots.txt is one more request, and the first waits for nothing
    rate = f"{rounds * options.delay / cost['wall_s']:.0%}" if role == "crawler" else "-"
    ratio = f"{gap / options.delay:.3f}" if gap is not None and role == "crawler" else "-"
    name = "this" if role == "crawler" else "trafilatura"
    values = (
        f"{cost['pages']:.0f}",
        f"{cost['wall_s']:.1f}",
        f"{cost['pages'] / cost['wall_s']:.0f}",
        rate,
        f"{cost['cpu_s'] / max(cost['pages'], 1) * 1000:.2f}",
        f"{cost['peak_bytes'] / 1e6:.0f}",
        ratio,
    )
    print(f"{name:<12}" + "".join(f"{value:>14}" for value in values))


def client(role: str, options: argparse.Namespace) -> None:
    """Fetch everything, and say what it took once all is imported."""
    urls = [
        f"http://{host}:{PORT}/{n}" for n in range(options.pages // options.hosts + 1) for host in hosts(options.hosts)
    ]
    fetch = with_crawler if role == "crawler" else with_trafilatura
    pages, cpu_s, wall_s = fetch(urls[: options.pages if role == "crawler" else options.peer_pages], options.delay)
    peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"pages": pages, "cpu_s": cpu_s, "wall_s": wall_s, "peak_bytes": peak_bytes}))


def with_crawler(urls: list[str], delay_s: float) -> tuple[int, float, float]:
    """Pages that came, seconds of CPU, seconds."""
    from transforms.elements import Fetched, FetchRequest, Source
    from transforms.fetch.crawler import Crawler
    from transforms.fetch.policy import FetchPolicy

    cpu, began = time.process_time(), time.monotonic()
    crawler = Crawler(FetchPolicy(AGENT, per_host_delay_s=delay_s, allow_private=True))
    source = Source("benchmark", "page", ())
    crawler.submit([FetchRequest(url, "page", source) for url in urls])
    pages = sum(isinstance(outcome, Fetched) for outcome in crawler.finish())
    crawler.close()
    return pages, time.process_time() - cpu, time.monotonic() - began


def with_trafilatura(urls: list[str], delay_s: float) -> tuple[int, float, float]:
    """The same, one page after the other, without a delay."""
    from trafilatura.downloads import fetch_url
    from trafilatura.settings import use_config

    config = use_config()
    config["DEFAULT"]["SSRF_PROTECTION"] = "off"  # as allow_private here: the servers are on loopback addresses
    cpu, began = time.process_time(), time.monotonic()
    pages = sum(fetch_url(url, config=config) is not None for url in urls)
    return pages, time.process_time() - cpu, time.monotonic() - began


PORT = 18_080


def hosts(count: int) -> list[str]:
    """Loopback addresses."""
    return [f"127.0.{1 + number // 200}.{1 + number % 200}" for number in range(count)]


async def serve(count: int, kilobytes: int) -> None:
    """Serve until terminated; a line on the standard input asks for the smallest gap on any host since the last one."""
    body = b"<!doctype html><title>Titel</title>" + PARAGRAPH * (kilobytes * 1000 // len(PARAGRAPH) + 1)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n" % len(body)
    starts: dict[str, list[float]] = defaultdict(list)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = writer.get_extra_info("sockname")[0]
        try:
            while request := await reader.readuntil(b"\r\n\r\n"):
                starts[host].append(time.monotonic())
                is_robots = request.startswith(b"GET /robots.txt")
                writer.write(b"HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n" if is_robots else head + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    servers = [await asyncio.start_server(answer, host, PORT, backlog=512) for host in hosts(count)]
    print("ready", flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        gaps = [later - earlier for times in starts.values() for earlier, later in pairwise(times)]
        starts.clear()
        print(json.dumps(min(gaps, default=None)), flush=True)
    for server in servers:
        server.close()


if __name__ == "__main__":
    main()
