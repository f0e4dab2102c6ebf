"""Markdown of strangers is shown safely: nothing executes, nothing is fetched, the words stay."""

import re

import pytest

from catalog.common import markdown

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x](vbscript:msgbox)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](//evil.example/path)",
    "[x](\\\\evil.example)",
    "![x](javascript:alert(1))",
    "![x](https://evil.example/pixel.gif)",
    '![x" onerror="alert(1)](https://evil.example/p.gif)',
    "<a href='javascript:alert(1)'>x</a>",
    '<a href="https://ok.example" onclick="alert(1)" style="x" target="_blank">x</a>',
    "<iframe src='https://evil.example'></iframe>",
    "<object data=x></object><embed src=x>",
    "<form action='https://evil.example'><input name=password></form>",
    "<style>body{display:none}</style>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href='https://evil.example/'>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<p style='position:fixed' class='button' id='main'>x</p>",
    '```x" onmouseover="alert(1)\ncode\n```',
    '<https://x.example/" onclick=alert(1)>',
    "[a]: javascript:alert(1)\n\n[a]",
    "\x00<scr\x00ipt>alert(1)</scr\x00ipt>",
    "<<script>script>alert(1)<</script>/script>",
    "<img src='https://evil.example/a.png' alt='\"><script>alert(1)</script>'>",
    "<IMG SRC=`javascript:alert(1)`>",
]
FORBIDDEN = re.compile(
    r"<\s*(script|img|svg|iframe|object|embed|form|input|style|link|meta|base|math|template)\b"
    r"|<[^>]*\son\w+\s*=|<[^>]*\sstyle\s*=|<[^>]*\sid\s*="
    r"|<[^>]*\s(href|src)\s*=\s*[\"']?\s*(javascript|vbscript|data|//|\\\\)",
    re.IGNORECASE,
)


@pytest.mark.parametrize("html", [False, True])
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_yields_nothing_that_runs_or_loads(text: str, html: bool) -> None:
    rendered = markdown.render(text, html=html)
    assert not FORBIDDEN.search(rendered), rendered


def test_html_is_shown_as_text_unless_asked_for() -> None:
    assert "&lt;b&gt;" in markdown.render("<b>bold</b>")
    assert "<b>bold</b>" in markdown.render("<b>bold</b>", html=True)


def test_every_link_says_nofollow_and_noopener() -> None:
    rendered = markdown.render("[a](https://a.example) <https://b.example>")
    assert rendered.count('rel="nofollow noopener"') == 2


@pytest.mark.parametrize("html", [False, True])
def test_images_become_links(html: bool) -> None:
    rendered = markdown.render("![A chart](https://a.example/c.png)", html=html)
    assert '<a href="https://a.example/c.png"' in rendered
    assert ">A chart</a>" in rendered


def test_html_images_become_links() -> None:
    rendered = markdown.render('See <img alt="the map" src="https://a.example/m.png"> here', html=True)
    assert '<a href="https://a.example/m.png"' in rendered
    assert ">the map</a> here" in rendered


def test_a_linked_image_is_one_link() -> None:
    rendered = markdown.render(
        "[a](https://x.example) [![badge](https://a.example/b.svg)](https://a.example)"
    )
    assert rendered.count("<a ") == 2
    assert ">badge</a>" in rendered


def test_headings_sink_below_those_of_the_page() -> None:
    assert "<h2>One</h2>" in markdown.render("# One")
    assert "<h4>One</h4>" in markdown.render("# One", demote=3)
    assert "<h6>Six</h6>" in markdown.render("###### Six")


def test_tables_lists_and_code_stay() -> None:
    rendered = markdown.render("| a | b |\n|---|--:|\n| 1 | 2 |\n\n- x\n\n```sql\nselect 1\n```")
    for part in ("<table>", "<td>1</td>", "<li>x</li>", '<code class="language-sql">'):
        assert part in rendered


def test_relative_links_and_fragments_stay() -> None:
    rendered = markdown.render("[p](/products/a/b/) [f](#part)")
    assert 'href="/products/a/b/"' in rendered
    assert 'href="#part"' in rendered


def test_endless_text_is_cut_and_deep_nesting_ends() -> None:
    assert len(markdown.render("word " * 100_000)) < markdown.MAX_LENGTH + 1000
    assert markdown.render(">" * 5000 + "deep")
    assert markdown.render("[" * 20_000)


def test_plain_gives_the_words_in_one_line() -> None:
    assert (
        markdown.plain("# Plays\n\n**Every** [play](https://a.example) & <i>skip</i>")
        == "Plays Every play & skip"
    )
    assert markdown.plain("word " * 100, limit=20) == "word word word word…"
