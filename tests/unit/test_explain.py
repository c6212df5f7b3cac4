"""`explain` on real files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.comparison import as_json as comparison_json
from pipeline.comparison import as_text as comparison_text
from pipeline.comparison import compare_files
from pipeline.config import UsageError
from pipeline.explain import as_json, as_text, explain

TEXT = """Rat sperrt die alte Brücke

Von Mara Lindt

Nordhafen (dpa) – Der Rat von Nordhafen hat die alte Brücke über den Hafen am Montag für ein Jahr gesperrt.

Anzeige

Der Verkehr muss nun über die neue Brücke fahren, und das dauert nach Angaben der Stadt zehn Minuten länger.
"""


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, "utf-8")
    return str(folder / name)


def test_each_line_is_kept_read_or_removed_by_a_named_rule(tmp_path: Path) -> None:
    found = explain(write(tmp_path, "a.txt", TEXT))
    verdicts = {line.text[:8]: (line.rule, line.is_read) for line in found.lines}
    assert verdicts["Rat sper"] == ("any.head.title", True)
    assert verdicts["Von Mara"][1] is True
    assert verdicts["Anzeige"] == ("de.ad.label", False)
    assert verdicts["Der Verk"] == (None, False)
    fields = {name: (value, origin) for name, value, origin in found.fields}
    assert fields["title"] == ("Rat sperrt die alte Brücke", "line 1")
    assert fields["agency"][0] == "dpa" and "head" in (fields["agency"][1] or "")
    assert fields["authors"][0] == ("Mara Lindt",)
    assert found.votes[0][:2] == ("py3langid", "de")
    assert found.reject is None


def test_terminal_and_json_say_the_same(tmp_path: Path) -> None:
    found = explain(write(tmp_path, "a.txt", TEXT))
    plain, colored = as_text(found, False), as_text(found, True)
    assert "- Anzeige  [de.ad.label]" in plain and "\033[" not in plain
    assert "\033[31m" in colored
    row = json.loads(as_json(found))
    assert row["fields"]["dateline"]["value"] == "Nordhafen"
    assert {key: value for key, value in row["lines"][3].items() if key != "example"} == {
        "text": "Anzeige",
        "rule": "de.ad.label",
        "is_read": False,
    }


PAGE = """<html><body><nav><a href=/>Start</a></nav><article><h1>Rat sperrt die alte Brücke in Nordhafen</h1>
<p>Der Rat von Nordhafen hat die alte Brücke über den Hafen am Montag für ein Jahr gesperrt, und zwar ganz.</p>
<p>Der Verkehr muss nun über die neue Brücke fahren, und das dauert nach Angaben der Stadt zehn Minuten länger.</p>
<p>Die neue Brücke wird gesperrt, sobald die alte wieder offen ist, damit sich niemand daran gewöhnt.</p>
</article><div class="related-teaser"><h3>Mehr zum Thema</h3><p><a href=/b>Fähre fährt wieder</a></p></div>
</body></html>"""


def test_the_blocks_of_a_page_have_scores_and_reasons(tmp_path: Path) -> None:
    found = explain(write(tmp_path, "a.html", PAGE))
    assert found.page is not None
    blocks = {block.text[:10]: block for block in found.page.blocks}
    assert blocks["Der Verkeh"].taken == "text" and blocks["Der Verkeh"].keep > 0.5
    assert blocks["Mehr zum T"].taken == "" and blocks["Mehr zum T"].reasons
    assert blocks["Der Verkeh"].is_seconded
    assert "- Mehr zum Thema" in as_text(found, False)
    assert len(json.loads(as_json(found))["page"]["blocks"]) == len(found.page.blocks)


def test_a_reject_is_explained(tmp_path: Path) -> None:
    found = explain(write(tmp_path, "a.txt", "Seite nicht gefunden\n\nDie Adresse hat sich geändert, oder sie fehlt."))
    assert found.reject is not None and found.reject.reason == "no_article"
    assert "rejected in clean: no_article: error page" in as_text(found, False)


def test_any_document_of_a_file(tmp_path: Path) -> None:
    lines = [json.dumps({"text": f"Der Hafen Nummer {n} ist offen, sagt der Rat."}) for n in (1, 2)]
    path = write(tmp_path, "a.jsonl", "\n".join(lines))
    assert "Nummer 2" in explain(path, 2).lines[0].text
    with pytest.raises(UsageError, match="holds 2 documents"):
        explain(path, 3)


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        explain(str(tmp_path / "none.txt"))


def test_an_address_is_not_asked_without_a_contact(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"add a page or mailto: address of yours: --contact https://example\.org/bot"):
        explain("https://blatt.example/1")
    with pytest.raises(UsageError, match="write it as 'mailto:"):
        explain("https://blatt.example/1", contact="wir@blatt.example")
    with pytest.raises(UsageError, match="no user name or password"):
        explain("https://a:b@blatt.example/1", contact="mailto:wir@blatt.example")
    with pytest.raises(UsageError, match="save the page"):
        compare_files("HTTPS://blatt.example/1", write(tmp_path, "a.txt", TEXT))


def test_two_documents_side_by_side(tmp_path: Path) -> None:
    body = "Der Rat von Nordhafen hat die alte Brücke über den Hafen am Montag für {} Tage gesperrt. " + " ".join(
        f"Satz {n} spricht vom Umbau der Brücke und von den Kosten, die der Rat beschlossen hat." for n in range(9)
    )
    lines = [json.dumps({"text": body.format(days)}) for days in (30, 45)]
    lines.append(json.dumps({"text": "Eine Ziege lief am Montag durch die ganze Stadt davon."}))
    path = write(tmp_path, "a.jsonl", "\n".join(lines))
    same, other = compare_files(f"{path}#1", f"{path}#2"), compare_files(f"{path}#1", f"{path}#3")
    assert same.is_copy and same.differs == ("numbers",) and not other.is_copy
    shown = comparison_text(same, ("eins", "zwei"), False)
    assert shown.startswith("copies of one another") and "only left      " in shown and "\n= " in shown
    numbers = json.loads(comparison_json(same))
    assert {*numbers["left_numbers"], *numbers["right_numbers"]} == {"30", "45"}
    with pytest.raises(UsageError, match="is no article"):
        compare_files(f"{path}#1", write(tmp_path, "b.txt", "kurz"))
