"""The forms of a digest, on mails that want to be more than text."""

from __future__ import annotations

import base64
import hashlib
import html
import html.parser
import json
import re
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from core.config import FollowedList
from core.digest.build import DigestOptions
from core.digest.epoch_archive import EpochArchive
from core.digest.formats.markdown import escaped
from core.digest.formats.phrases import code_text, intervals
from core.digest.page import PageFormat, read_digest, reduce_options, write_page
from core.digest.values import CodeChanges, Digest
from core.model import MessageId
from core.sources.public_inbox import open_archive
from core.sync.follow import list_web
from core.text import shown
from tests.core.inboxes import START, Epoch, mail, patch

NOW = datetime(2025, 7, 1, tzinfo=UTC)
EVIL = (
    "<script>alert(1)</script>\x1b[31m[x](javascript:alert(2)) @team #1 | `a` **b** &lt; \u202eabc"
)
EVIL_TEXT = f"""\
{EVIL}
</pre><img src=x onerror=alert(3)>
````
# no heading
"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Digest:
    """A digest of mails each part of which tries to be markup."""
    folder = tmp_path_factory.mktemp("hostile") / "<b>list"
    epoch = Epoch(folder)
    sender = f'"{EVIL[:60].replace(chr(27), "")}" <x@evil.example>'
    epoch.add(mail(f"[PATCH 0/2] {EVIL}", EVIL_TEXT, mid="&#60;cover", sender=sender))
    epoch.add(
        patch(f"[PATCH 1/2] {EVIL}", mid="one", answers="&#60;cover", sender=sender, path="<b>.c")
    )
    epoch.add(
        mail(
            f"Re: [PATCH 1/2] {EVIL}",
            f"Reviewed-by: {EVIL[:40]} <a@b.example>\n",
            mid="r",
            answers="one",
        )
    )
    epoch.add(mail(EVIL, mid="thread", date=START + 86400 * 40), at=START + 86400 * 40)
    archive = EpochArchive(open_archive(folder))
    return read_digest(archive, "..", now=NOW, options=DigestOptions(entries=True))


def page(digest: Digest, **form: object) -> str:
    return "".join(f"{line}\n" for line in write_page(digest, PageFormat(**form)))  # type: ignore[arg-type]


def controls(text: str) -> set[str]:
    """Return the characters that could act on a terminal."""
    return {
        char for char in text if unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp", "Cs"}
    } - {"\n"}


@pytest.mark.parametrize("form", ["text", "markdown", "html", "json"])
def test_nothing_that_acts_on_a_terminal_is_in_a_page(hostile: Digest, form: str) -> None:
    assert controls(page(hostile, format=form, explain=True)) == set()


def test_the_seeds_page_has_none_either(hostile: Digest) -> None:
    assert controls(page(hostile, layout="seed")) == set()


# ------------------------------------------------------------------- text


def test_the_text_tells_each_part(hostile: Digest) -> None:
    text = page(hostile, explain=True)
    for heading in ("Mails a week", "Top 15 domains", "Top 15 contributors", "Series", "Discussions that moved",
                    "Most discussed", "Unanswered", "Newcomers, by their first mail"):  # fmt: skip
        assert f"\n{heading}\n{'-' * len(heading)}\n" in text
    assert text.startswith("TEST: what arrived from the beginning to ")
    assert (
        "4 mails of 2 people, from 2025-05-31 14:01 to 2025-07-10 14:00 UTC: 1 series, 1 discussion"
        in text
    )
    assert "1 of 2 patches arrived, 1 missing; 1 file, +2 -1" in text
    assert "  2/2  missing\n" in text
    assert "    ␛[31m" not in text.partition("\n")[0]


def test_an_empty_digest_says_so_in_each_form(tmp_path: Path) -> None:
    Epoch(tmp_path / "quiet").add(mail("one"))
    archive = EpochArchive(open_archive(tmp_path / "quiet"))
    digest = read_digest(archive, "HEAD..HEAD", now=NOW, options=DigestOptions())
    for form in ("text", "markdown", "html"):
        assert "Nothing arrived." in page(digest, format=form)
    assert json.loads(page(digest, format="json"))["messages"] == 0


@pytest.mark.parametrize(
    ("last", "unit", "bars"),
    [("2025-01-01", "day", 1), ("2025-01-31", "day", 31), ("2025-02-01", "week", 5), ("2025-08-05", "week", 32),
     ("2025-08-06", "month", 8), ("2026-01-01", "month", 13)],
)  # fmt: skip
def test_a_long_range_is_told_by_the_week_or_month(last: str, unit: str, bars: int) -> None:
    days = (("2025-01-01", 2), (last, 3)) if last != "2025-01-01" else (("2025-01-01", 5),)
    found, named = intervals(days, most=31)
    assert (named, len(found)) == (unit, bars)
    assert sum(count for _, count in found) == 5
    assert found[0][1] >= 2


# ------------------------------------------------------------------- Markdown


def rendered(markdown: str) -> str:
    return str(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown))


def read_back(rendered: str) -> str:
    return html.unescape(re.sub(r"<!-- -->|</?(?:ul|li|h1|p)>|\n", "", rendered))


@pytest.mark.parametrize(
    "text",
    ["1. one", "12) x", "- a", "+ a", "# a #", "> a", "=", "---", "<b>", "[a](http://x)", "![a](b)", "@team", "#12 !3",
     "a|b", "*x* _y_ `z`", "&amp;", "~~x~~", "$x$", "\\", "\\*", "<!-- a", "    code", "a  b", "http://x.example/*a*", EVIL],
)  # fmt: skip
def test_markdown_shows_what_a_mail_says(text: str) -> None:
    assert read_back(rendered(f"- {escaped(text)}")) == shown(text).strip()
    assert read_back(rendered(f"# {escaped(text)}")) == shown(text).strip()


@given(st.text(alphabet="ab1 \t-+*_`[]()<>#!&;|\\~.@:=$\n", max_size=30))
def test_no_line_is_anything_else_in_markdown(text: str) -> None:
    assert read_back(rendered(f"- {escaped(text)}")) == shown(text).strip()
    cells = re.findall(r"<td>(.*?)</td>", rendered(f"| a |\n| --- |\n| {escaped(text)} |"), re.S)
    assert [read_back(cell) for cell in cells] == [shown(text).strip()]


def test_nobody_is_notified_by_a_mails_words() -> None:
    assert (
        escaped("cc @team, (@a) #1 a@b.example")
        == "cc @<!-- -->team, (@<!-- -->a) \\#<!-- -->1 a@b.example"
    )


def test_a_markdown_page_holds_its_parts_and_no_markup_of_mails(hostile: Digest) -> None:
    found = rendered(page(hostile, format="markdown"))
    tags = set(re.findall(r"<([a-z0-9]+)", found))
    assert tags <= {
        "h1",
        "h2",
        "h3",
        "p",
        "ul",
        "li",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "pre",
        "code",
    }
    (text,) = re.findall(r'<pre><code class="language-text">(.*?)</code></pre>', found, re.S)
    assert html.unescape(text).splitlines()[1:] == EVIL_TEXT.splitlines()[1:]
    assert "<h2>Series</h2>" in found
    assert found.count("<table>") == 5


# ------------------------------------------------------------------- HTML


class Page(html.parser.HTMLParser):
    """Collects the tags and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.contents: dict[str, str] = {}
        self._open = ""
        self.policy = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._open = tag
        self.attributes |= {name for name, _ in attrs}
        if ("http-equiv", "Content-Security-Policy") in attrs:
            self.policy = dict(attrs)["content"] or ""

    def handle_data(self, data: str) -> None:
        if self._open in ("script", "style"):
            self.contents[self._open] = self.contents.get(self._open, "") + data

    def handle_endtag(self, tag: str) -> None:
        self._open = ""


def test_a_web_page_has_nothing_of_a_mail_but_text(hostile: Digest) -> None:
    found = Page(page(hostile, format="html", explain=True))
    assert found.tags == {
        "html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "ul", "li", "table", "thead", "tbody",
        "tr", "th", "td", "button", "details", "summary", "span", "pre", "svg", "rect", "text", "script",
    }  # fmt: skip
    assert not {
        name
        for name in found.attributes
        if name.startswith("on") or name in ("src", "href", "style")
    }


def test_a_web_page_allows_its_own_style_and_script_and_nothing_else(hostile: Digest) -> None:
    found = Page(page(hostile, format="html"))
    hashes = {
        name: base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        for name, content in found.contents.items()
    }
    assert found.policy == (
        f"default-src 'none'; style-src 'sha256-{hashes['style']}'; script-src 'sha256-{hashes['script']}';"
        " base-uri 'none'; form-action 'none'"
    )
    assert "prefers-color-scheme: dark" in found.contents["style"]
    assert "url(" not in found.contents["style"]


def test_bars_are_as_long_as_their_numbers(hostile: Digest) -> None:
    text = page(hostile, format="html")
    contributors = text.partition("<h2>Top 15 contributors</h2>")[2].partition("</svg>")[0]
    assert [float(width) for width in re.findall(r'width="([0-9.]+)"', contributors)] == [
        560.0,
        560.0,
    ]


# ------------------------------------------------------------------- JSON


def test_json_carries_what_the_mails_have(hostile: Digest) -> None:
    line = page(hostile, format="json", explain=True)
    assert line.count("\n") == 1
    found = json.loads(line)
    assert {"from", "to", "list", "messages", "domains", "contributors", "reviewers", "days", "series", "threads",
            "newcomers", "unanswered"} <= set(found)  # fmt: skip
    (series,) = found["series"]
    assert series["subject"] == EVIL
    assert {
        key: series[key]
        for key in ("id", "version", "total", "arrived", "message_ids", "replies", "diffstat")
    } == {
        "id": "&#60;cover",
        "version": 1,
        "total": 2,
        "arrived": [1],
        "message_ids": ["&#60;cover", "one"],
        "replies": 1,
        "diffstat": {"files": 1, "added": 2, "removed": 1},
    }
    assert series["text"] == EVIL_TEXT.rstrip()
    assert [trailer["name"] for trailer in series["trailers"]] == ["Reviewed-by"]
    assert found["days"] == [["2025-05-31", 3], ["2025-07-10", 1]]
    assert found["from"] is None
    assert found["unanswered"] == ["thread"]
    assert found["threads"][0]["kind"] == "thread"
    assert [name for name, _ in found["domains"]] == ["example.org", "evil.example"]
    assert set(found["contributors"][0][0]) == {"name", "address"}
    assert found["merges"] == []


def test_the_seed_layout_asks_for_less() -> None:
    options = DigestOptions(name="x")
    assert reduce_options(PageFormat(), options) is options
    seed = reduce_options(PageFormat(layout="seed", patch_list=False), options)
    assert (seed.name, seed.as_written, seed.earlier, seed.entries, seed.series) == (
        "x",
        True,
        False,
        True,
        False,
    )
    assert reduce_options(PageFormat(layout="seed"), options).series


def test_the_web_page_links_to_the_list(hostile: Digest) -> None:
    assert "<a " not in page(hostile, format="html")
    assert "<a " not in page(hostile, format="html", web="javascript:alert(1)//")
    found = page(hostile, format="html", web="https://lore.example/l<i>st/")
    links = re.findall(r'<a href="([^"]*)" rel="noreferrer">', found)
    assert links
    assert all(link.startswith("https://lore.example/l&lt;i&gt;st/") for link in links)
    made_up = replace(hostile.threads[0], id=MessageId("0123@missing.invalid"))
    page_of = page(replace(hostile, threads=(made_up,)), format="html", web="https://lore.example/")
    assert "missing.invalid" not in "".join(re.findall('href="[^"]*"', page_of))


@pytest.mark.parametrize(
    ("followed", "web"),
    [
        (None, ""),
        (FollowedList(target="/a/kvm"), ""),
        (FollowedList(target="https://lore.example/kvm"), "https://lore.example/kvm"),
        (FollowedList(target="/a/kvm", web="https://own.example"), "https://own.example"),
    ],
)
def test_the_web_address_of_a_list(followed: FollowedList | None, web: str) -> None:
    assert list_web(followed) == web


@pytest.mark.parametrize(
    ("code", "total", "text"),
    [
        (CodeChanges(since="v2", changed=(1,)), 1, "since v2: code changed"),
        (CodeChanges(since="v2", unchanged=(1,)), 1, "since v2: code as it was"),
        (CodeChanges(since="v1", changed=(2,)), 3, "since v1: code changed in 2"),
        (CodeChanges(since="v1", unchanged=(1, 2)), 3, "since v1: code as it was in 1, 2"),
        (
            CodeChanges(since="v4.1", changed=(1, 2, 3, 7), unchanged=(4, 5), new=(8,), gone=(6,)),
            8,
            "since v4.1: code changed in 1-3, 7; as it was in 4, 5; new: 8; gone: v4.1 6",
        ),
        (
            CodeChanges(since="v1", changed=tuple(range(1, 99, 2))),
            99,
            f"since v1: code changed in {', '.join(map(str, range(1, 41, 2)))} …",
        ),
    ],
)
def test_what_became_of_the_code_is_one_line(code: CodeChanges, total: int, text: str) -> None:
    assert code_text(code, total) == text
