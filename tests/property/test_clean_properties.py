"""What holds for any document: nothing is invented, nothing is left to do, nothing is lost without a name."""

from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.clean.article import clean_article
from transforms.clean.book import LANGUAGES, rules
from transforms.elements import Article

EXAMPLES = [rule.example for name in ("any", *LANGUAGES) for rule in rules(name)]
SENTENCES = [
    "Die Brücke über den Fluss wird gesperrt, und die Leute in der Stadt ärgern sich sehr darüber.",
    "Im Rat der Stadt ist nun die Rede von einem neuen Weg über den Fluss, den niemand bezahlen will.",
    "The bridge across the river is closed, and people in the town are quite angry about the delay.",
    "It is not clear who will pay for the new road across the river, the mayor said on Monday night.",
    "Le pont sur la rivière est fermé, et les habitants de la ville attendent encore la nouvelle route.",
]
LABELS = [
    "Streit um die Brücke",
    "A bridge too old",
    "Mara Lindt",
    ":Ein Weg nach vorn",
    "12. Mai 2030",
    "vor 3 Tagen",
    "(dpa)",
    "• Seil",
]
PARAGRAPHS = st.one_of(
    st.sampled_from(SENTENCES),
    st.sampled_from(EXAMPLES),
    st.sampled_from(LABELS),
    st.text(max_size=40),
    st.builds(" ".join, st.lists(st.sampled_from(SENTENCES), min_size=2, max_size=4)),
)
ARTICLES = st.builds(
    Article,
    url=st.none(),
    canonical_url=st.none(),
    source=st.just("test"),
    origin=st.just("test:0"),
    kind=st.sampled_from(["text", "html"]),
    title=st.one_of(st.none(), st.sampled_from(LABELS), st.text(max_size=30)),
    paragraphs=st.lists(PARAGRAPHS, max_size=25).map(tuple),
)


@given(ARTICLES)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_a_clean_article_is_clean(article: Article) -> None:
    once = clean_article(article).article
    again = clean_article(once)
    assert again.removed == ()
    assert again.article == once


@given(ARTICLES)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_paragraphs_and_removed_lines_make_up_the_input(article: Article) -> None:
    done = clean_article(article)
    gone = {r.index: r for r in done.removed}
    assert all(article.paragraphs[i] == r.text and r.rule for i, r in gone.items())
    rest = tuple(text for i, text in enumerate(article.paragraphs) if i not in gone)
    assert done.article.paragraphs == rest


@given(ARTICLES)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_what_is_known_is_never_overwritten(article: Article) -> None:
    done = clean_article(article).article
    assert article.title is None or done.title == article.title
    assert done.lead == article.lead
    assert (done.url, done.source, done.origin, done.kind) == (
        article.url,
        article.source,
        article.origin,
        article.kind,
    )


@given(st.lists(st.sampled_from(SENTENCES[:2]), min_size=1, max_size=2, unique=True).map(tuple))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_running_text_alone_is_kept(body: tuple[str, ...]) -> None:
    article = Article(None, None, "test", "test:0", "text", None, body)
    assert clean_article(article).article.paragraphs == body
