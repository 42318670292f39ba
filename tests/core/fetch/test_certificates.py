"""The certificates that count, their order, and the error where they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.fetch.certificates import Certificates, certificates_for
from core.fetch.faults import fetch_error

URL = "https://lists.example.org/all"
GIT = {
    "http.sslcainfo": ("/git/all",),
    "http.https://lists.example.org/.sslcainfo": ("/git/one",),
    "http.https://other.example.org/.sslcainfo": ("/git/other",),
}


@pytest.mark.parametrize(
    ("git", "environment", "path", "origin"),
    [
        ({}, {}, "", ""),
        ({}, {"SSL_CERT_FILE": "/a"}, "/a", "SSL_CERT_FILE"),
        ({}, {"SSL_CERT_DIR": "/d"}, "/d", "SSL_CERT_DIR"),
        ({}, {"SSL_CERT_DIR": "/d", "CURL_CA_BUNDLE": "/c"}, "/c", "CURL_CA_BUNDLE"),
        ({}, {"REQUESTS_CA_BUNDLE": "/r", "SSL_CERT_FILE": "/a"}, "/a", "SSL_CERT_FILE"),
        (GIT, {"SSL_CERT_FILE": "/a"}, "/git/one", "git's http.https://lists.example.org/.sslcainfo"),
        (GIT, {"GIT_SSL_CAINFO": "/g"}, "/g", "GIT_SSL_CAINFO"),
        ({"http.sslcapath": ("/p", "/q")}, {}, "/q", "git's http.sslcapath"),
        ({"http.sslcainfo": ("",)}, {"SSL_CERT_FILE": "/a"}, "/a", "SSL_CERT_FILE"),
        (
            {"http.https://lists.example.org.evil/.sslcainfo": ("/evil",)},
            {"SSL_CERT_FILE": "/a"},
            "/a",
            "SSL_CERT_FILE",
        ),
    ],
)  # fmt: skip
def test_git_comes_first_then_openssl_then_requests(
    git: dict[str, tuple[str, ...]], environment: dict[str, str], path: str, origin: str
) -> None:
    assert certificates_for(URL, git, environment) == Certificates(path, origin)


def test_git_is_told_of_a_file_or_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    file, folder = Certificates(str(tmp_path / "file"), "x"), Certificates(str(tmp_path), "x")
    assert file.environment == {"GIT_SSL_CAINFO": str(tmp_path / "file")}
    assert folder.environment == {"GIT_SSL_CAPATH": str(tmp_path)}
    assert Certificates().environment == {}
    assert not Certificates("/no/such/file", "x").is_readable


def test_the_words_name_the_variable_and_speak_of_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "socks5://x")
    tls = fetch_error("tls", "x.org", detail="no", certificates="SSL_CERT_FILE")
    assert "SSL_CERT_FILE" in tls.hint
    assert "all_proxy" in fetch_error("proxy", "x.org").hint
    assert "all_proxy" in fetch_error("socks", "x.org").hint
    for status in (403, 404, 410, 501):
        of_list = fetch_error("status", "x.org", status=status, asked="the list's epochs").hint
        assert "Message-ID" not in of_list
        assert "list" in of_list
    assert "Message-ID" in fetch_error("status", "x.org", status=404, asked="message a@b").hint
