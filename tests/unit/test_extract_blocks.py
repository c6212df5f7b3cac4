"""Pages to blocks, blocks to features, features to scores, scores to text."""

from __future__ import annotations

import time
from importlib.resources import files

import numpy as np
import pytest

from transforms.elements import Article, Page
from transforms.extract import article as extraction
from transforms.extract.block_text import Stated
from transforms.extract.blocks import Blocks, page_blocks
from transforms.extract.body import judged_page, page_body, parted
from transforms.extract.decode import choose
from transforms.extract.features import block_features
from transforms.extract.model import Scores, shipped_model
from transforms.extract.names import name_groups, vocabulary
from transforms.extract.parse import parse_page
from transforms.extract.script_text import script_tree
from transforms.extract.tables import data_cells, joined
from transforms.extract.trees import MAX_LEAVES, Trees, as_json, contributions, from_json, probabilities

PROSE = (
    "The harbour of Port Ellery will close for two days, because its only crane has been lent to a wedding.",
    "Nobody had asked the harbour master, who learnt of it from the cake, which showed the crane in blue icing.",
    "Ships that arrive on Saturday are asked to wait outside, where the band can be heard as well as anywhere else.",
    "The crane returns on Monday, the harbour master said, and this time with a deposit and in its former colour.",
)


def blocks_of(body: str) -> Blocks:
    tree = parse_page(f"<html><body>{body}</body></html>")
    assert tree is not None
    return page_blocks(tree)


def paragraphs(*texts: str) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def article_of(html: str) -> Article:
    page = Page("https://ellery.example/a", "html", "text/html; charset=utf-8", html.encode(), "tests", "tests")
    found = extraction.extract_article(page)
    assert isinstance(found, Article), found
    return found


def test_blocks_end_at_block_elements_and_breaks() -> None:
    found = blocks_of("<div>one <b>two</b><br>three<p>four</p>five<ul><li>six<li>seven</ul></div>")
    assert found.text == ["one two", "three", "four", "five", "six", "seven"]
    assert [found.nodes.tag[node] for node in found.element] == ["div", "div", "p", "div", "li", "li"]


def test_a_block_knows_its_links_and_its_kin() -> None:
    found = blocks_of("<figure><figcaption>Seen <a href=x>from afar</a></figcaption></figure>")
    columns = block_features(found, Stated()).columns
    assert found.linked.tolist() == [9]
    assert columns["in.figcaption"].tolist() == columns["in.figure"].tolist() == [1]


@pytest.mark.parametrize(
    "hidden",
    [
        "<nav>menu of the site</nav>",
        "<footer>all rights</footer>",
        "<script>var text</script>",
        "<button>press</button>",
        "<div id='onetrust-banner'>we value you</div>",
        "<dialog>stay with us</dialog>",
    ],
)
def test_what_is_no_text_is_no_block(hidden: str) -> None:
    assert blocks_of(f"{hidden}<p>the text</p>").text == ["the text"]


def test_a_footer_of_an_article_is_walked() -> None:
    assert blocks_of("<article><p>one</p><footer>two</footer></article>").text == ["one", "two"]


def test_runs_of_links_are_left_out_and_lone_links_stay() -> None:
    link = "<li><a href=x>Another story</a></li>"
    assert blocks_of(f"<p>a</p>{link * 3}<p>b</p>{link}<p>c</p>").text == ["a", "b", "Another story", "c"]


def test_nodes_bound_their_blocks() -> None:
    found = blocks_of(f"<p>a</p><section><p>b</p>{'<p><a href=x>link</a></p>' * 3}<p>c</p></section><p>d</p>")
    section = found.nodes.tag.index("section")
    assert found.text[found.nodes.first[section] : found.nodes.last[section]] == ["b", "c"]


def test_names_are_known_by_their_stems() -> None:
    def groups(value: str) -> set[str]:
        return {name for bit, name in enumerate(vocabulary()["names"]) if name_groups(value) >> bit & 1}

    assert {"body"} <= groups("articleBody") and {"comment"} <= groups("js-user_comments")
    assert "body" in groups("xarticlebody") and groups("zq-17") == set()


def test_features_are_finite_for_any_page() -> None:
    for body in (
        "<p>a</p>",
        "<p>!</p>",
        "<td>x",
        f"<p>{PROSE[0]}</p>" * 3,
        "<p>日本語の文。</p><p>\U0001f6a2</p>",
        "<p>&#x85;.</p>",
    ):
        found = blocks_of(body)
        columns = block_features(found, Stated(("a",), (PROSE[0],), ("x",), "a")).columns
        assert all(len(values) == len(found.text) and np.isfinite(values).all() for values in columns.values()), body


def test_words_shared_with_the_title_are_seen() -> None:
    columns = block_features(
        blocks_of("<h1>The crane is away</h1><p>Nothing else</p>"), Stated(("The crane is away",))
    ).columns
    assert columns["like_title"].tolist() == [1, 0]


def small_trees() -> Trees:
    """One tree of three leaves: a ≤ 1 → −1; else b ≤ 5 → 2; else 4; and a tree of one leaf."""
    leaf = np.zeros((2, MAX_LEAVES), np.float32)
    leaf[0, :3], leaf[1, 0] = (-1, 2, 4), 0.5
    return Trees(
        ("a", "b"),
        np.array([0, 1, 0], np.int16),
        np.array([1, 5, np.inf], np.float32),
        np.array([0b001, 0b010, 0], np.uint16),
        np.array([0, 2], np.int32),
        leaf.ravel(),
    )


def test_trees_answer_with_the_leaf_that_their_tests_lead_to() -> None:
    rows = np.array([[0, 1, 2, 2], [9, 9, 5, 6]], np.float32)
    sums = np.array([-0.5, -0.5, 2.5, 4.5])
    assert np.allclose(probabilities(small_trees(), rows), 1 / (1 + np.exp(-sums)), atol=1e-6)


def test_trees_survive_their_file() -> None:
    again = from_json(as_json(small_trees()))
    rows = np.random.default_rng(1).normal(2, 4, (2, 600)).astype(np.float32)
    assert (probabilities(again, rows) == probabilities(small_trees(), rows)).all()


def test_what_spoke_for_a_block_is_named() -> None:
    rows = np.array([[2, 0, 0], [6, 6, 6]], np.float32)
    assert contributions(small_trees(), rows, 0)[0] == ("a", 5.0)


def test_the_shipped_model_is_small_and_reads_known_columns() -> None:
    assert len(files("transforms.extract").joinpath("blocks.json").read_bytes()) < 100_000
    found = blocks_of(paragraphs(*PROSE))
    columns = block_features(found, Stated()).columns
    for trees in shipped_model():
        assert all(name in columns or name.startswith("score") for name in trees.names)


def test_a_table_of_data_is_taken_as_a_whole_and_row_by_row() -> None:
    found = blocks_of("<table><tr><th>List<th>Votes</tr><tr><td>Higher<td>2,104</tr></table><p>end</p>")
    cells = data_cells(found)
    assert list(joined(found.text, np.ones(5, bool), cells.row)) == ["List | Votes", "Higher | 2,104", "end"]
    scores = Scores(np.array([0.1, 0.3, 0.6, 0.9, 0.9], np.float32), np.zeros(5, np.float32))
    assert choose(scores, found, block_features(found, Stated())).body.all()


def test_a_table_that_lays_out_a_page_holds_no_data() -> None:
    found = blocks_of(f"<table><tr><td>menu<td>{paragraphs(*PROSE)}</tr><tr><td>a<td>b</tr></table>")
    assert not data_cells(found).row.any()


def test_a_lead_is_not_text_and_a_first_paragraph_is_no_lead() -> None:
    found = blocks_of(f"<h2>{PROSE[0]}</h2>{paragraphs(*PROSE)}")
    keep = np.full(5, 0.9, np.float32)
    features = block_features(found, Stated())
    lead = choose(Scores(keep, np.array([0.6, 0, 0, 0, 0], np.float32)), found, features)
    assert lead.lead.tolist() == [True, False, False, False, False] and not lead.body[0]
    first = choose(Scores(keep, np.array([0, 0.6, 0, 0, 0], np.float32)), found, features)
    assert not first.lead.any() and first.body.all()


def test_few_words_lower_the_threshold_and_the_confidence() -> None:
    found = blocks_of("<p>A dead end.</p><p>x</p>")
    choice = choose(
        Scores(np.array([0.2, 0.01], np.float32), np.zeros(2, np.float32)), found, block_features(found, Stated())
    )
    assert choice.body.tolist() == [True, False] and choice.confidence < 0.1


def test_captions_are_never_text() -> None:
    found = blocks_of(f"<article>{paragraphs(*PROSE)}<div class='image-caption'>{PROSE[1]}</div></article>")
    choice = choose(
        Scores(np.full(5, 0.95, np.float32), np.zeros(5, np.float32)), found, block_features(found, Stated())
    )
    assert choice.body.tolist() == [True] * 4 + [False]


def test_a_page_becomes_its_paragraphs() -> None:
    html = (
        "<html><head><title>A wedding takes the crane</title></head><body><nav><a href=/>Home</a></nav><main><article>"
        f"<h1>A wedding takes the crane</h1><div class='article-body'>{paragraphs(*PROSE)}</div></article>"
        "<aside class='related'><h3>More stories</h3><p><a href=/b>The pier is sold</a></p></aside></main>"
        "</body></html>"
    )
    assert article_of(html).paragraphs == PROSE


def test_a_body_in_a_script_is_found() -> None:
    data = "\\n".join(f"<p>{text}</p>".replace("<", "\\u003c") for text in PROSE * 2)
    script = f'window.state = {{"id": "{"x" * 500}", "html": "{data}"}}'
    tree = parse_page(f"<html><body><div id=root></div><script>{script}</script></body></html>")
    assert tree is not None
    found = script_tree(tree)
    assert found is not None and page_blocks(found).text == [*PROSE, *PROSE]


def test_a_stated_body_stands_in_for_a_stub() -> None:
    tree = parse_page(f"<html><body><article><p>{PROSE[0]}</p></article></body></html>")
    assert tree is not None
    assert page_body(tree, Stated(body="\n".join(PROSE * 3))).paragraphs == PROSE * 3


def test_a_page_without_text_has_no_blocks() -> None:
    tree = parse_page("<html><body><nav>menu</nav></body></html>")
    assert tree is not None and judged_page(tree, Stated()) is None


def test_where_the_models_fail_trafilatura_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(extraction, "page_body", fail)
    found = article_of(f"<html><body><article><h1>A crane</h1>{paragraphs(*PROSE)}</article></body></html>")
    assert PROSE[1] in found.paragraphs
    assert dict(found.origins)["text"] == "trafilatura (failed: ZeroDivisionError)"


@pytest.mark.parametrize(
    "html",
    [
        "<html><body>" + "<div>x" * 20_000 + "</body></html>",
        "<html><body>" + "<div>a b c</div>" * 20_000 + "</body></html>",
        "<html><body><p>" + "x" * 1_000_000 + "</p></body></html>",
        "<html><body><script>" + '"' * 1_000_000 + "</script></body></html>",
        "<html><body>" + "<table><tr><td>1</td><td>2</td></tr><tr><td>1</td><td>2</td></tr></table>" * 2_000,
    ],
    ids=["nested", "siblings", "token", "quotes", "tables"],
)
def test_hostile_pages_end_in_time(html: str) -> None:
    started = time.process_time()
    extraction.extract_article(Page(None, "html", "text/html; charset=utf-8", html.encode(), "tests", "tests"))
    assert time.process_time() - started < 5


def test_lines_that_an_extractor_joined_are_parted_again() -> None:
    shown = ["The title", "one.", "two.", "three.", "one."]
    assert parted(["one. two.", "three."], shown) == ("one.", "two.", "three.")
    assert parted(["The title one", "two. one."], shown) == ("The title one", "two. one.")
