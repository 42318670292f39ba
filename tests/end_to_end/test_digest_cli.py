"""`patchdesk digest` as scripts see it, against git's own tools, the real public-inbox, and in a real browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from core.sources.mbox import to_mboxrd
from tests.core.inboxes import START, Epoch, mail, patch
from tests.core.shared_mails import shared
from tests.end_to_end.server import Server, need_public_inbox

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """An archive of five mails, the tag `mark` on its second."""
    epoch = Epoch(tmp_path / "pumps")
    epoch.add(mail("hello"))
    epoch.add(patch("[PATCH] one", mid="one"))
    epoch.tag("mark")
    epoch.add(
        mail(
            "Re: [PATCH] one",
            "Acked-by: Bob <bob@example.net>\n",
            sender="Bob <bob@example.net>",
            answers="one",
        )
    )
    epoch.add(patch("[PATCH v2] one", mid="two", date=START + 90_000))
    epoch.add(mail("bye\x1b[31m", sender="CI <ci@bots.example>"))
    return tmp_path / "pumps"


def patchdesk(
    *arguments: object, stdin: bytes = b"", home: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("XDG_")}
    if home is not None:
        environment |= {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config")}
    return subprocess.run(
        [sys.executable, "-m", "tui.cli.main", "digest", *map(str, arguments)],
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        env=environment,
        check=False,
    )


def page(*arguments: object, **more: object) -> str:
    done = patchdesk(*arguments, **more)  # type: ignore[arg-type]
    assert (done.returncode, done.stderr) == (0, b""), done.stderr.decode()
    return done.stdout.decode()


# ------------------------------------------------------------------- the command


@pytest.mark.slow
def test_each_form_comes_out(inbox: Path) -> None:
    assert page("mark..HEAD", inbox).startswith("TEST: what arrived from mark to HEAD\n====")
    assert page("mark..HEAD", inbox, "--format", "markdown").startswith(
        "# TEST: what arrived from mark to HEAD\n"
    )
    assert page("mark..HEAD", inbox, "--format", "html").startswith("<!DOCTYPE html>\n")
    assert page("mark..HEAD", inbox, "--layout", "seed").startswith(
        "From mark to HEAD\nTEST mailing list update from mark to HEAD\n\nTop 15 "
    )
    found = json.loads(page("mark..HEAD", inbox, "--format", "json"))
    assert (found["from"], found["to"], found["list"], found["messages"]) == (
        "mark",
        "HEAD",
        "TEST",
        3,
    )
    assert [series["version"] for series in found["series"]] == [2]


def test_options_reach_the_page(inbox: Path) -> None:
    text = page("mark..", inbox, "--name", "pumps", "--top", "1", "--explain")
    assert text.startswith("PUMPS: what arrived from mark to ")
    assert "\nTop 1 contributors\n" in text
    seed = page("..", inbox, "--layout", "seed", "--top", "2")
    assert "\n[PATCH v2] one — Ada (1/1)\n" in seed
    assert "[PATCH v2] one — Ada" not in page("..", inbox, "--layout", "seed", "--no-patch-list")
    done = patchdesk("..", inbox, "--layout", "seed", "--explain")
    assert done.returncode == 0
    assert b"none were joined" in done.stderr
    as_written = json.loads(page("..", inbox, "--layout", "seed", "--format", "json"))
    assert as_written["newcomers"] == []


def test_a_page_goes_into_a_file(inbox: Path, tmp_path: Path) -> None:
    wanted = page("mark..HEAD", inbox)
    assert page("mark..HEAD", inbox, "-o", tmp_path / "page.txt") == ""
    assert (tmp_path / "page.txt").read_text() == wanted
    assert page("mark..HEAD", inbox, "-o", "-") == wanted
    done = patchdesk("mark..HEAD", inbox, "-o", tmp_path / "no" / "page.txt")
    assert done.returncode == 1
    assert b"cannot be written" in done.stderr


def test_a_quiet_day_is_a_page(inbox: Path) -> None:
    assert "Nothing arrived." in page("HEAD..HEAD", inbox)
    assert "Nothing arrived." in page("2001-01-01..2001-01-02", inbox)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("mark", "INBOX"), 2, "is not a range"),
        (("mark...HEAD", "INBOX"), 2, "three dots"),
        (("mark..", "INBOX", "--top", "0"), 2, "a number from 1 on"),
        (("mark..", "INBOX", "--format", "pdf"), 2, "invalid choice"),
        (("mark..", "INBOX", "--layout", "seed", "--format", "html"), 2, "text or json"),
        (("mark..",), 2, "required"),
        (("0123abcd..", "INBOX"), 1, "neither a commit or tag of pumps nor a date"),
        (("HEAD..mark", "INBOX"), 1, "reversed"),
        (("..", "nowhere/at/all"), 1, "There is no file or folder"),
        (("..", "https://lore.example.org/kvm/"), 1, "git clone --mirror"),
        (("..", "-"), 1, "Nothing came on standard input"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    inbox: Path, arguments: tuple[str, ...], status: int, said: str
) -> None:
    done = patchdesk(*(str(inbox) if word == "INBOX" else word for word in arguments))
    assert done.returncode == status
    assert done.stdout == b""
    assert said in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


def test_an_mbox_on_standard_input(inbox: Path) -> None:
    box = to_mboxrd([mail("early"), mail("late", date=START + 7200)])
    found = json.loads(page("2025-05-31T15:00..", "-", "--format", "json", stdin=box))
    assert (found["messages"], [one["subject"] for one in found["threads"]]) == (1, ["late"])


def test_the_configuration_names_lists_people_and_bots(inbox: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "config" / "patchdesk").mkdir(parents=True)
    (home / "map").write_text("Robert <robert@example.net> <bob@example.net>\n")
    config = home / "config" / "patchdesk" / "config.toml"
    config.write_text(
        f'[lists.wells]\ntarget = "{inbox}"\n[identity]\nmailmap = "{home / "map"}"\nbots = ["ci@bots.example"]\n'
    )
    found = json.loads(page("..", "wells", "--format", "json", home=home))
    assert found["list"] == "WELLS"
    assert [[who["address"], n] for who, n in found["contributors"]] == [
        ["ada@example.org", 3],
        ["robert@example.net", 1],
    ]
    assert [[who["name"], n] for who, n in found["bots"]] == [["CI", 1]]
    config.write_text('[identity]\nmailmap = "/nowhere/map"\n')
    done = patchdesk("..", inbox, home=home)
    assert done.returncode == 0
    assert (
        b"identity.mailmap: it must be the path of a file; /nowhere/map is not one" in done.stderr
    )


def test_a_list_that_was_synced_is_read_from_its_clone(inbox: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "config" / "patchdesk").mkdir(parents=True)
    (home / "config" / "patchdesk" / "config.toml").write_text(
        '[lists.wells]\ntarget = "https://lists.example.org/wells"\n'
    )
    done = patchdesk("..", "wells", home=home)
    assert done.returncode == 1
    assert b"has no clone yet" in done.stderr
    lists = home / ".local" / "share" / "patchdesk" / "lists"
    lists.mkdir(parents=True)
    inbox.rename(lists / "wells")
    assert page("..", "wells", home=home).startswith("WELLS: what arrived")


def test_a_reader_that_leaves_is_no_fault(inbox: Path) -> None:
    command = f"{sys.executable} -m tui.cli.main digest .. {inbox} | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=ROOT, capture_output=True, check=False
    )
    assert done.stderr == b""
    assert done.stdout.count(b"\n") == 1


# ------------------------------------------------------------------- against other programs


def kvm_ppc(folder: Path) -> Path:
    bundle = shared("archives/kvm-ppc.bundle")
    epoch = folder / "kvm-ppc" / "git" / "0.git"
    subprocess.run(["git", "clone", "--quiet", "--mirror", bundle, epoch], check=True)
    return folder / "kvm-ppc"


def by_hand(epoch: Path, range_text: str, folder: Path) -> tuple[list[str], list[str], int]:
    """Count contributors and domains as a shell script would: git log, git mailinfo, sort, uniq."""

    def run(*command: str, given: bytes = b"") -> str:
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(folder)}
        done = subprocess.run(
            command, input=given, capture_output=True, check=True, cwd=folder, env=environment
        )
        return done.stdout.decode("utf-8", "replace")

    people = []
    for line in run(
        "git", "-C", str(epoch), "log", "--format=%H%x00%an <%ae>%x00%s", range_text
    ).splitlines():
        commit, author, subject = line.split("\0")
        if subject.startswith("["):
            raw = subprocess.run(
                ["git", "-C", str(epoch), "cat-file", "blob", f"{commit}:m"],
                capture_output=True,
                check=True,
            ).stdout
            told = dict(
                re.findall(
                    r"^(Author|Email): (.*)$", run("git", "mailinfo", "m", "p", given=raw), re.M
                )
            )
            author = f"{told['Author']} <{told['Email']}>"
        people.append(author)
    domains = [one.rpartition("@")[2].rstrip(">").lower() for one in people]

    def rank(lines: list[str]) -> list[str]:
        given = "".join(f"{line}\n" for line in lines).encode()
        return run(
            "sh", "-c", "LC_ALL=C sort | uniq -c | LC_ALL=C sort -rn", given=given
        ).splitlines()

    return rank(people), rank(domains), len(people)


@pytest.mark.slow
def test_counts_are_those_of_a_shell_pipeline(tmp_path: Path) -> None:
    inbox = kvm_ppc(tmp_path)
    range_text = "HEAD~900..HEAD~300"
    people, domains, mails = by_hand(inbox / "git" / "0.git", range_text, tmp_path)
    assert mails == 600
    text = page(
        range_text, inbox, "--layout", "seed", "--no-patch-list", "--top", "99999"
    ).partition("=====")[0]
    _, _, ours_domains, _, ours_people, _ = text.split("\n\n")
    assert ours_domains.splitlines() == domains
    # git drops the full stop at the end of a name.
    assert [
        re.sub(r"^( *\d+)  ", r"\1 ", line).replace(". <", " <")
        for line in ours_people.splitlines()
    ] == people
    found = json.loads(page(range_text, inbox, "--format", "json"))
    assert found["messages"] == mails
    assert dict(found["domains"]) == {line.split()[1]: int(line.split()[0]) for line in domains}


@pytest.mark.torture
def test_the_real_public_inboxes_removals_and_purges(tmp_path: Path) -> None:
    need_public_inbox()
    mails = [mail(f"number {at}", date=START + at) for at in range(6)]
    with Server(tmp_path / "site", {"pumps": mails[:5]}) as server:
        inbox = server.inbox("pumps")
        epoch = ["git", "-C", str(inbox / "git" / "0.git")]

        def subjects(range_text: str) -> set[str]:
            return {
                one["subject"]
                for one in json.loads(page(range_text, inbox, "--format", "json"))["threads"]
            }

        first = subprocess.run(
            [*epoch, "rev-parse", "HEAD~4"], capture_output=True, check=True, text=True
        ).stdout.strip()
        assert subjects(f"{first}..") == {"number 1", "number 2", "number 3", "number 4"}
        server.remove("pumps", mails[2])
        assert subjects(f"{first}..") == {"number 1", "number 3", "number 4"}
        server.purge("pumps", mails[3])
        assert subjects(f"{first}..") == {"number 1", "number 4"}
        server.add("pumps", mails[5:], epoch=1)
        assert subjects(f"{first}..") == {"number 1", "number 4", "number 5"}
        assert subjects(f"{first[:8]}..0:HEAD") == {"number 1", "number 4"}
        newcomers = json.loads(page(f"{first}..", inbox, "--format", "json"))["newcomers"]
        assert newcomers == []


# ------------------------------------------------------------------- in a browser

EVIL = "<script>document.title='EVIL'</script>"
EVIL_TEXT = """\
<img src="{server}image" onerror="document.title='EVIL'">
<link rel=stylesheet href="{server}style"><iframe src="{server}frame"></iframe>
</pre><script src="{server}script"></script><svg onload="document.title='EVIL'">
<meta http-equiv=refresh content="0;url={server}refresh">
"""


def browser() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None and os.environ.get("CI") == "true":
        pytest.fail("not installed: chromium")
    if found is None:
        pytest.skip("not installed: chromium")
    return found


class Listener(HTTPServer):
    """Records its requests."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Listener)
        self.server.asked.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - so is this
        pass


@pytest.mark.slow
def test_a_hostile_archive_stays_text_in_a_real_browser(tmp_path: Path) -> None:
    chromium = browser()
    listener = Listener()
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    try:
        text = EVIL_TEXT.format(server=listener.url)
        epoch = Epoch(tmp_path / "pumps")
        epoch.add(
            mail(
                f"[PATCH 0/1] {EVIL} {text}".replace("\n", " "),
                text,
                mid="0",
                sender=f'"{EVIL}" <a@{EVIL}.example>',
            )
        )
        epoch.add(patch(f"[PATCH 1/1] {EVIL}", mid="1", answers="0", message=text))
        epoch.add(
            mail(
                f"Re: [PATCH 1/1] {EVIL}",
                f"Acked-by: {EVIL} <b@example.org>\n",
                sender="Zoë <b@example.org>",
                answers="1",
            )
        )
        document = page("..", tmp_path / "pumps", "--format", "html", "--explain")
        # The page's own script runs: sort a table, and tell of it and of what else there is.
        probe = """
          document.querySelectorAll("details").forEach(one => one.open = true);
          const heads = [...document.querySelectorAll("th button")].filter(one => one.textContent === "Contributor");
          heads[0].click();
          document.title = JSON.stringify([document.title, document.querySelectorAll("script, img, iframe, link").length,
            [...heads[0].closest("table").tBodies[0].rows].map(row => row.cells[0].textContent.slice(0, 3)),
            getComputedStyle(document.body).fontSize, document.querySelectorAll("pre").length]);
        """
        (tmp_path / "page.html").write_text(
            document.replace("</script>\n</body>", f"{probe}</script>\n</body>")
        )
        shown = dump(chromium, tmp_path / "page.html", tmp_path / "profile")
        assert "EVIL" not in title(shown).replace(
            "&lt;script&gt;document.title='EVIL'&lt;/script&gt;", ""
        )
        # With another script than its own, the policy lets none run.
        assert title(shown).startswith("TEST: what arrived from the beginning")
        free = re.sub(
            r'<meta http-equiv="Content-Security-Policy"[^>]*>',
            "",
            (tmp_path / "page.html").read_text(),
        )
        (tmp_path / "free.html").write_text(free)
        told = json.loads(title(dump(chromium, tmp_path / "free.html", tmp_path / "profile")))
        assert told[0].startswith("TEST: what arrived")
        assert (
            told[1] == 1
        )  # nothing but the page's own script, even where no policy holds a mail's back
        assert told[2] == ["Zoë", "Ada", "<sc"]
        assert told[3:] == ["16px", 1]
        assert listener.asked == []
    finally:
        listener.shutdown()
        listener.server_close()


def dump(chromium: str, path: Path, profile: Path) -> str:
    """Return a page as the browser has it once its scripts have run."""
    flags = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-extensions",
    ]
    done = subprocess.run(
        [
            chromium,
            *flags,
            f"--user-data-dir={profile}",
            "--virtual-time-budget=2000",
            "--dump-dom",
            path.as_uri(),
        ],
        capture_output=True,
        check=True,
        timeout=100,
    )
    return done.stdout.decode()


def title(document: str) -> str:
    found = re.search(r"<title>(.*?)</title>", document, re.S)
    assert found is not None, document[:500]
    return found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
