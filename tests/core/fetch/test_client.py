"""The settings and progress of a fetch; its results are tested in `tests/end_to_end/test_fetch.py`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import liblore
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.fetch.client import environment
from core.fetch.faults import fetch_error
from core.fetch.worker_settings import node_settings
from core.sources.lore import QUERY_CAP, change_id_query, series_query
from core.system.user_git import read_global

LORE = "https://lore.kernel.org/all"
CONFIGS = {
    "nothing": "",
    "lore": "[lore]\n\tfallback = https://tor.example.org\n\tfallback = https://sea.example.org\n\trequesttimeout = 3,4.5\n",
    "its origin comes first": (
        '[lore]\n\trequesttimeout = 1\n[liblore "https://lore.kernel.org"]\n\trequesttimeout = 7\n\tautoprobe\n'
    ),
    "another origin has no say": '[liblore "https://example.org"]\n\trequesttimeout = 7\n',
    "all keys": (
        '[liblore "https://lore.kernel.org"]\n\tfallback = https://a.example.org\n\tautoProbe = yes\n\tprobeTimeout = 2.5\n'
        "\tprobeTTL = 60\n\trequestTimeout = 9\n\tuserAgentPlus = key\n\tfollowUpstream = off\n\tpartialSearch = Upstream\n"
        "\tupstreamHoldoff = 0\n\tallowUpstream = https://b.example.org\n"
    ),
    "words that mean nothing": (
        "[lore]\n\tautoprobe = perhaps\n\tprobetimeout = soon\n\tprobettl = 1.5\n\trequesttimeout = 1,2,3\n"
        "\tfollowupstream = \n\tpartialsearch = both\n\tupstreamholdoff = -1\n"
    ),
    "the last of several": "[lore]\n\trequesttimeout = 1\n\trequesttimeout = 2\n",
}  # fmt: skip

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("case", CONFIGS)
def test_the_settings_are_those_that_liblore_would_read(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gitconfig").write_text(CONFIGS[case])
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.chdir(tmp_path)
    ours = node_settings(LORE, read_global())
    plus = ours.pop("useragentplus", None)
    theirs = liblore.LoreNode.from_git_config(LORE)
    assert vars_of(liblore.LoreNode(LORE, **ours)) == vars_of(theirs)
    assert plus == theirs.user_agent_plus


def vars_of(node: liblore.LoreNode) -> dict[str, object]:
    names = (
        "_all_origins", "_auto_probe", "_probe_timeout", "_probe_ttl", "_request_timeout", "_follow_upstream",
        "_partial_search", "_upstream_holdoff", "_trusted_upstreams",
    )  # fmt: skip
    return {name: getattr(node, name) for name in names}


def test_the_child_gets_of_the_environment_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example.org")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([".", "", "core", str(tmp_path)]))
    for name in (
        "GIT_DIR",
        "GIT_CONFIG_COUNT",
        "PYTHONSTARTUP",
        "BROWSER",
        "SECRET_TOKEN",
        "EMAIL",
    ):
        monkeypatch.setenv(name, "x")
    given_on = environment(tmp_path / "home")
    assert given_on["https_proxy"] == "http://proxy.example.org"
    assert given_on["PYTHONPATH"] == str(ROOT)
    assert given_on["HOME"] == given_on["XDG_CACHE_HOME"] == str(tmp_path / "home")
    assert "x" not in given_on.values()
    assert given_on["GIT_CONFIG_GLOBAL"] == os.devnull


def test_a_query_is_made_of_words_only() -> None:
    assert series_query("mm: fix it", "a@example.org") == 's:"mm: fix it" AND f:"a@example.org"'
    assert change_id_query("20250602-x-0123") == 'nq:"change-id: 20250602-x-0123"'


@given(title=st.text(max_size=1000), address=st.text(max_size=50))
@settings(max_examples=100)
def test_no_text_leaves_its_quotes(title: str, address: str) -> None:
    query = series_query(title, address)
    assert query.count('"') == 4
    assert query.isprintable()
    assert len(query) < 2 * QUERY_CAP + 30


@pytest.mark.parametrize("kind", ["status", "dns", "something new", "{server}"])
@pytest.mark.parametrize("detail", ["", "{server.__class__}", "x" * 100_000, "%s{}"])
def test_every_fault_has_words_and_no_text_is_taken_for_a_pattern(kind: str, detail: str) -> None:
    for status in (None, 200, 418, 500, 599):
        error = fetch_error(
            kind, "{asked}.example.org", detail=detail, status=status, retry_after=detail
        )
        assert error.message.startswith(
            "{asked}.example.org" if kind != "dns" else "The name of {asked}"
        )
        assert len(error.message) < 500


@pytest.mark.parametrize(
    ("retry_after", "hint"),
    [("7", "in 7 s"), ("", "later"), ("Mon, 02 Jun 2025 10:00:00 GMT", "after Mon, 02 Jun 2025 10:00:00 GMT"),
     ("9" * 60, "in "), ("²", "after ²"), ("-1", "after -1")],
)  # fmt: skip
def test_when_to_try_again_is_said(retry_after: str, hint: str) -> None:
    error = fetch_error("status", "host", status=429, retry_after=retry_after)
    assert error.hint.startswith(f"Try again {hint}")


def test_reading_files_loads_nothing_of_the_network() -> None:
    code = (
        "import sys; from core.sources.target import open_target; open_target('-', stdin=b'Subject: s\\n\\n');"
        "print([m for m in ('b4', 'liblore', 'requests', 'urllib3', 'pygit2', 'http.client') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
