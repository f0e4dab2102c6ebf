"""Markdown people wrote, as HTML that is safe to show: one renderer for every text of the portal.

Two fences stand behind each other: markdown-it parses without inline HTML (or, for harvested texts, with it), and
nh3 rewrites whatever came out to a short list of elements and attributes. The page's content security policy is
the third.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

MAX_LENGTH = 200_000  # characters; longer texts are cut, so that no text can hold a worker for long
LINK_SCHEMES = frozenset({"http", "https", "mailto"})
_TAGS = frozenset(  # one word per element reads better than a list of quoted ones
    "a abbr b blockquote br code dd del dl dt em h2 h3 h4 h5 h6 hr i ins kbd li ol p pre s samp span strong "  # noqa: SIM905
    "sub sup table tbody td th thead tr u ul var".split()
)
_ATTRIBUTES: dict[str, set[str]] = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "ol": {"start"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align", "scope"},
    "code": {"class"},
}
_DROPPED_WITH_CONTENT = {
    "script",
    "style",
    "template",
    "noscript",
    "iframe",
    "object",
    "embed",
    "svg",
    "math",
}


def render(text: str, *, html: bool = False, demote: int = 1) -> SafeString:
    """`text` (Markdown) as sanitised HTML.

    `html=True` also accepts HTML inside the Markdown and sanitises it (for texts of open-data registries); otherwise
    tags are shown as the characters they are. Headings sink by `demote` levels, below the page's own; images become
    links, so that reading a page never asks a foreign server for anything.
    """
    parser = _WITH_HTML if html else _PLAIN
    if len(text) > MAX_LENGTH:
        text = text[:MAX_LENGTH] + "\n\n…"
    rendered: str = parser.render(text.replace("\x00", "\ufffd"), {"demote": demote})
    return mark_safe(_clean(_images_to_links(rendered) if html else rendered))  # noqa: S308 - nh3 wrote it


def plain(text: str, limit: int = 200) -> str:
    """The words of `text` without any markup, in one line of at most `limit` characters (for lists and titles)."""
    stripped = nh3.clean(_WITH_HTML.render(text[: limit * 20], {"demote": 0}), tags=set())
    for entity, sign in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&nbsp;", " "), ("&amp;", "&")):
        stripped = stripped.replace(entity, sign)
    line = " ".join(stripped.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def is_safe_link(address: str) -> bool:
    """Whether `address` may stand in a link: http, https, mailto, or a path or fragment of this portal."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return False
    if parts.scheme:
        return parts.scheme.lower() in LINK_SCHEMES
    return not parts.netloc and not address.strip().startswith(("//", "\\"))


def _clean(rendered: str) -> str:
    return nh3.clean(
        rendered,
        tags=set(_TAGS),
        attributes=_ATTRIBUTES,
        clean_content_tags=_DROPPED_WITH_CONTENT,
        url_schemes=set(LINK_SCHEMES),
        attribute_filter=_filter_attribute,
        link_rel="nofollow noopener",
        strip_comments=True,
    )


def _filter_attribute(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "href":
        return value if is_safe_link(value) else None
    if attribute == "class":  # the language of a code block, nothing else
        return value if value.startswith("language-") and value[9:].replace("-", "").isalnum() else None
    if attribute in {"colspan", "rowspan", "start"}:
        return value if value.isascii() and value.isdigit() and int(value) <= 1000 else None
    if attribute == "align":
        return value if value in {"left", "right", "center"} else None
    return value


def _images_to_links(rendered: str) -> str:
    """HTML images (those of Markdown are handled by the renderer) turned into links by way of the sanitiser."""
    if "<img" not in rendered.lower():
        return rendered
    only_images = nh3.clean(
        rendered,
        tags=set(_TAGS) | {"h1", "img"},
        attributes={**_ATTRIBUTES, "img": {"src", "alt"}},
        clean_content_tags=_DROPPED_WITH_CONTENT,
        url_schemes=set(LINK_SCHEMES),
        link_rel=None,
    )
    pieces = only_images.split("<img")
    return pieces[0] + "".join(_image_link(piece) for piece in pieces[1:])


def _image_link(piece: str) -> str:
    """` src="…" alt="…">rest` as nh3 writes it (attributes always quoted, `"` escaped inside)."""
    attributes, _, rest = piece.partition(">")
    found: dict[str, str] = {}
    for name in ("src", "alt"):
        _, mark, tail = attributes.partition(f'{name}="')
        if mark:
            found[name] = tail.partition('"')[0]
    if "src" not in found:
        return found.get("alt", "") + rest
    return f'<a href="{found["src"]}">{found.get("alt") or found["src"]}</a>{rest}'


class _Renderer(RendererHTML):
    """Images as links; everything else as markdown-it has it."""

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[idx]
        source = str(token.attrs.get("src", ""))
        label = self.renderInlineAsText(token.children or [], options, env) or source
        if not is_safe_link(source):
            return escape(label)
        kinds = [before.type for before in tokens[:idx]]
        is_linked = kinds.count("link_open") > kinds.count("link_close")
        return escape(label) if is_linked else f'<a href="{escape(source)}">{escape(label)}</a>'


def _demote_headings(state: Any) -> None:
    for token in state.tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, max(2, int(token.tag[1]) + int(state.env.get('demote', 1))))}"


def _parser(*, html: bool) -> MarkdownIt:
    parser = MarkdownIt(
        "commonmark", {"html": html, "linkify": False, "maxNesting": 40}, renderer_cls=_Renderer
    )
    parser.enable(["table", "strikethrough"])
    parser.core.ruler.push("demote_headings", _demote_headings)
    return parser


_PLAIN = _parser(html=False)
_WITH_HTML = _parser(html=True)
