"""What the report of a run shows, and its HTML: all that came from documents is escaped."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from html import escape
from importlib import resources
from string import Template
from typing import Any

from pipeline.tally import CUT, MAX_EXAMPLES, MAX_NAMES, REST, WEB, Tally, cut, histogram
from transforms.text_origin import TextOrigin

MAX_ROWS = 50
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_OUTCOMES = {"articles": "Articles", "copies": "Copies", "rejects": "Rejects", "unchanged": "Unchanged"}
_EXTRACTION: dict[str, str] = {
    TextOrigin.BLOCKS: "The page's blocks, chosen by the models",
    TextOrigin.JSON_LD: "A body that the page states in JSON-LD",
    TextOrigin.TRAFILATURA: "trafilatura",
    TextOrigin.EVERYTHING: "All text, of pages too large to judge",
    TextOrigin.UNSURE: "Of these, the models were unsure",
    TextOrigin.FAILED: "Of these, the models failed",
}
_HTML = resources.files("pipeline").joinpath("report.html").read_text("utf-8")


def page(run: Mapping[str, Any], tally: Tally) -> str:
    """The page as HTML, which needs nothing beside it.

    Args:
        run: the content of ``run.json``.
        tally: of all lines of the run's other files.
    """
    counts = run["counts"]
    articles = counts["articles"]
    named = sum(tally.agencies.values())
    sample = sorted(tally.records(), key=lambda row: row["published_at"] or "", reverse=True)
    closing = f"Read {_number(counts['read'])} = " + " + ".join(f"{it} {_number(counts[it])}" for it in _OUTCOMES)
    return Template(_HTML).substitute(
        policy=_policy(),
        run_id=_text(run["run_id"]),
        about=_about(run),
        warnings=_warnings(counts, tally),
        closing=closing,
        bar=_bar(counts, closing),
        outcomes=_outcomes(counts),
        sources_caption=_sources_caption(len(tally.sources)),
        sources=_sources(tally),
        languages=_shares(run["articles_by_language"], articles),
        extraction=_extraction(run.get("extraction", {})),
        agencies=_shares({**tally.agencies, "(none named)": articles - named}, articles),
        times=_times(tally, articles),
        examples=str(MAX_EXAMPLES),
        rejects=_rejects(tally),
        copied=_rows(map(_copied, tally.stories()), 3),
        sample_note=f"{'All' if len(sample) == articles else 'A sample of'} {len(sample)} of {_number(articles)}, "
        "newest first, each with the beginning of its text.",
        records="\n".join(map(_record, sample)),
        options=_rows((_head(name) + _code(value) for name, value in run["options"].items()), 2),
        versions=_rows((_head(name) + f"<td>{_text(value)}</td>" for name, value in run["versions"].items()), 2),
    )


def _policy() -> str:
    """What the page may do: nothing but its own style and script, whatever else finds a way into it."""
    parts = {tag: _HTML.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0] for tag in ("style", "script")}
    allowed = (
        f"{tag}-src 'sha256-{base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()}'"
        for tag, part in parts.items()
    )
    return "; ".join(("default-src 'none'", "base-uri 'none'", "form-action 'none'", *allowed))


def _about(run: Mapping[str, Any]) -> str:
    began, ended = (datetime.fromisoformat(run[name]) if run[name] else None for name in ("started_at", "finished_at"))
    parts = [f"Started {_time(run['started_at'])}" if began else "Start unknown"]
    if began and ended:
        parts.append(f"took {_duration(int((ended - began).total_seconds()))}")
    return f"{', '.join(parts)}, on {_text(run['runner'])}"


def _duration(seconds: int) -> str:
    minutes, rest = divmod(max(0, seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{_number(hours)} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def _warnings(counts: Mapping[str, int], tally: Tally) -> str:
    found = [
        f"run.json counts {_number(counts[kind])} {kind}, but the files hold {_number(tally.count(kind))}."
        for kind in ("articles", "copies", "rejects")
        if counts[kind] != tally.count(kind)
    ]
    return f'<p class="warning">{" ".join(found)}</p>' if found else ""


def _bar(counts: Mapping[str, int], label: str) -> str:
    total = sum(counts[name] for name in _OUTCOMES) or 1
    at, parts = 0.0, []
    for name in filter(counts.__getitem__, _OUTCOMES):
        width = 100 * counts[name] / total
        title = f"<title>{_OUTCOMES[name]}: {_number(counts[name])}</title>"
        parts.append(f'<rect class="{name}" x="{at:.3f}%" width="{width:.3f}%" height="100%">{title}</rect>')
        at += width
    return f'<svg class="whole" role="img" aria-label="{label}">{"".join(parts)}</svg>'


def _outcomes(counts: Mapping[str, int]) -> str:
    def row(name: str, label: str) -> str:
        key = f'<svg class="key {name}" aria-hidden="true"><rect width="100%" height="100%"/></svg>'
        return f'<th scope="row">{key}{label}</th>{_amount(counts[name])}{_share(counts[name], counts["read"])}'

    return _rows((row(name, label) for name, label in _OUTCOMES.items()), 3)


def _shares(counts: Mapping[str, int], total: int) -> str:
    ordered = sorted(((name, count) for name, count in counts.items() if count), key=lambda it: (-it[1], it[0]))
    if rest := ordered[MAX_ROWS:]:
        ordered[MAX_ROWS:] = [(f"({_number(len(rest))} others)", sum(count for _, count in rest))]
    return _rows((_head(name) + _amount(count) + _share(count, total) for name, count in ordered), 3)


def _extraction(counts: Mapping[str, int]) -> str:
    """What led to a text is shown also where it never did: that no page failed is what one wants to see."""
    led = (TextOrigin.UNSURE, TextOrigin.FAILED)
    pages = sum(count for name, count in counts.items() if name not in led)
    shown = (name for name, count in counts.items() if pages and (count or name in led))
    rows = (_head(_EXTRACTION.get(name, name)) + _amount(counts[name]) + _share(counts[name], pages) for name in shown)
    return _rows(rows, 3)


def _sources_caption(count: int) -> str:
    known = f"more than {_number(MAX_NAMES)}" if count > MAX_NAMES else _number(count)
    return f"Documents by source: {known} {'source' if count == 1 else 'sources'}"


def _sources(tally: Tally) -> str:
    kinds = ("articles", "copies", "rejects")
    ordered = sorted(tally.sources.items(), key=lambda it: (it[0] == REST, -sum(it[1].values()), it[0]))
    if rest := ordered[MAX_ROWS:]:
        summed = Counter({kind: sum(counts[kind] for _, counts in rest) for kind in kinds})
        ordered[MAX_ROWS:] = [(f"({_number(len(rest))} others)" if rest[-1][0] != REST else REST, summed)]
    return _rows((_head(name) + "".join(_amount(counts[kind]) for kind in kinds) for name, counts in ordered), 4)


def _times(tally: Tally, articles: int) -> str:
    dated = sum(tally.days.values())
    if not dated:
        return "<p>No article has a time of publication.</p>"
    unit, bins = histogram(tally.days)
    first, last, most = min(bins), max(bins), max(bins.values())
    bars = "".join(
        f'<rect class="articles" x="{10 * place + 1}" y="{100 - height:.1f}" width="8" height="{height:.1f}">'
        f"<title>{label}: {_number(count)}</title></rect>"
        for place, (label, count) in enumerate(bins.items())
        if (height := count and max(1.0, 100 * count / most))
    )
    width = 10 * len(bins)
    caption = (
        f"Articles by {unit} of publication (UTC), at most {_number(most)} a {unit}. "
        f"Not shown: {_number(dated - sum(bins.values()))} earlier or later, "
        f"{_number(articles - dated)} without a time."
    )
    rows = _rows((_head(label) + _amount(count) for label, count in bins.items() if count), 2)
    return (
        f'<figure>\n<figcaption>{caption}</figcaption>\n<div class="plot">\n'
        f'<svg class="times" role="img" aria-label="{caption}" width="{3 * width}" viewBox="0 0 {width} 100" '
        f'preserveAspectRatio="none">{bars}</svg>\n<div class="axis"><span>{first}</span><span>{last}</span></div>\n'
        f"</div>\n</figure>\n<details><summary>The same as a table</summary>\n<table>\n<caption>{caption}</caption>\n"
        f'<thead><tr><th scope="col">{unit.title()}</th><th scope="col" class="n">Articles</th></tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table>\n</details>"
    )


def _rejects(tally: Tally) -> str:
    def row(stage: str, reason: str, count: int) -> str:
        examples = (
            f'<li dir="auto">{_link(example["url"], _text(cut(example["url"], 120)))}<br>'
            f'<span class="quiet">{_text(example["detail"])}</span></li>'
            for example in tally.examples[stage, reason]
        )
        codes = f'{_head(stage)}<td class="code">{_text(reason)}</td>{_amount(count)}'
        return f"{codes}<td><ul>{''.join(examples)}</ul></td>"

    ordered = sorted(tally.rejects.items(), key=lambda it: (-it[1], it[0]))
    return _rows((row(stage, reason, count) for (stage, reason), count in ordered), 4)


def _copied(story: Mapping[str, Any]) -> str:
    names = [f"<bdi>{_text(name)}</bdi>{f' ({count})' if count > 1 else ''}" for name, count in story["outlets"]]
    if more := story["copy_count"] - sum(count for _, count in story["outlets"]):
        names.append(f"{_number(more)} more")
    return f'<th scope="row">{_title(story)}</th>{_amount(story["copy_count"])}<td>{", ".join(names)}</td>'


def _record(row: Mapping[str, Any]) -> str:
    facts = [row["source"], row["language"], row["agency"], row["dateline"]]
    shown = [f"<bdi>{_text(fact)}</bdi>" for fact in facts if fact]
    if row["published_at"]:
        shown.insert(1, f"<bdi>{_time(row['published_at'], row['is_day'])}</bdi>")
    return (
        f'<li data-record><h3 dir="auto">{_title(row)}</h3>\n<p class="meta">{"".join(shown)}</p>\n'
        f'<p dir="auto"{_lang(row)}>{_text(row["text"])}</p></li>'
    )


def _title(row: Mapping[str, Any]) -> str:
    shown = f"<bdi{_lang(row)}>{_text(row['title'])}</bdi>" if row["title"] else "(without a title)"
    return _link(row["url"], shown)


def _lang(row: Mapping[str, Any]) -> str:
    return "" if row["language"] == "und" else f' lang="{_text(row["language"])}"'


def _link(url: str, shown: str) -> str:
    if not WEB.match(url) or url.endswith(CUT):
        return shown
    return f'<a href="{_text(url)}" rel="noopener noreferrer nofollow">{shown}</a>'


def _time(instant: str, is_day: bool = False) -> str:
    shown = instant[:10] if is_day else f"{instant[:10]} {instant[11:16]} UTC"
    return f'<time datetime="{_text(instant[:10] if is_day else instant)}">{_text(shown)}</time>'


def _rows(rows: Iterable[str], columns: int) -> str:
    return "\n".join(f"<tr>{row}</tr>" for row in rows) or f'<tr><td colspan="{columns}" class="quiet">none</td></tr>'


def _head(name: str) -> str:
    return f'<th scope="row" dir="auto">{_text(name)}</th>'


def _code(value: object) -> str:
    return f"<td><code>{_text(json.dumps(value, ensure_ascii=False))}</code></td>"


def _amount(count: int) -> str:
    return f'<td class="n">{_number(count)}</td>'


def _share(count: int, total: int) -> str:
    return f'<td class="n">{f"{100 * count / total:.1f} %" if total else ""}</td>'


def _number(count: int) -> str:
    return f"{count:,}"


def _text(value: object) -> str:
    return escape(_CONTROLS.sub("\ufffd", str(value)))
