"""FROM..TO: its grammar, and the mails in it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pygit2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.digest.archive import Archive, MailboxArchive
from core.digest.epoch_archive import EpochArchive
from core.digest.range import RangeError, TimeBound, read_time_bound, split_range
from core.errors import PatchdeskError
from core.mail.message import parse_message
from core.sources.mailbox import open_bytes
from core.sources.mbox import to_mboxrd
from core.sources.public_inbox import open_archive
from tests.core.archives import make_v1
from tests.core.inboxes import START, Epoch, mail
from tests.core.shared_mails import git

NOW = datetime(2025, 6, 18, 15, 30, 10, tzinfo=UTC)  # a Wednesday
HOUR = 3600


def subjects(archive: Archive, range_text: str) -> list[str]:
    """Return the subjects of a range's mails in their order."""
    span = archive.resolve_range(*split_range(range_text), NOW)
    arrivals = sorted(archive.arrivals(span), key=lambda arrival: arrival.place)
    return [parse_message(arrival.raw).subject.text for arrival in arrivals]


def earlier(archive: Archive, range_text: str) -> list[str]:
    """Return the subjects of the mails before a range, the last first."""
    span = archive.resolve_range(*split_range(range_text), NOW)
    list(archive.arrivals(span))
    return [one.subject.decode() for one in archive.mails_before(span)]


def opened(folder: Path) -> EpochArchive:
    return EpochArchive(open_archive(folder))


@pytest.fixture
def three(tmp_path: Path) -> tuple[EpochArchive, list[str]]:
    """Three epochs with four mails each, an hour apart: 0 to 11; and their commits."""
    commits = []
    for number in range(3):
        epoch = Epoch(tmp_path / "list", number)
        numbers = range(4 * number, 4 * number + 4)
        commits += [epoch.add(mail(str(at)), at=START + at * HOUR) for at in numbers]
    return opened(tmp_path / "list"), commits


# ------------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("range_text", "ends"),
    [
        ("a..b", ("a", "b")),
        ("57d1cd1e0..d6f868dfe", ("57d1cd1e0", "d6f868dfe")),
        ("1.week.ago..", ("1.week.ago", "")),
        ("..v1.2", ("", "v1.2")),
        ("..", ("", "")),
        (" 0:abcd .. 1:ef01 ", ("0:abcd", "1:ef01")),
        ("2025-05-01..2025-06-01", ("2025-05-01", "2025-06-01")),
    ],
)
def test_a_range_is_split_at_its_two_dots(range_text: str, ends: tuple[str, str]) -> None:
    assert split_range(range_text) == ends


@pytest.mark.parametrize("range_text", ["", "abc", "a...b", "a..b..c", "....", "x" * 2000 + ".."])
def test_what_is_no_range_is_said(range_text: str) -> None:
    with pytest.raises(RangeError) as error:
        split_range(range_text)
    assert "FROM..TO" in error.value.hint


@pytest.mark.parametrize(
    ("range_text", "moment"),
    [
        ("2025-05-01", "2025-05-01T00:00:00"),
        ("2025-05-01T18:30", "2025-05-01T18:30:00"),
        ("2025-05-01 18:30:15", "2025-05-01T18:30:15"),
        ("2025-05-01T18:30+02:00", "2025-05-01T16:30:00"),
        ("2025-05-01T18:30Z", "2025-05-01T18:30:00"),
        ("@1746057600", "2025-05-01T00:00:00"),
        ("now", "2025-06-18T15:30:10"),
        ("today", "2025-06-18T00:00:00"),
        ("yesterday", "2025-06-17T00:00:00"),
        ("wednesday", "2025-06-18T00:00:00"),
        ("last.wednesday", "2025-06-11T00:00:00"),
        ("Monday", "2025-06-16T00:00:00"),
        ("1.week.ago", "2025-06-11T15:30:10"),
        ("2 days 6 hours ago", "2025-06-16T09:30:10"),
        ("30.minutes.ago", "2025-06-18T15:00:10"),
        ("1.month.ago", "2025-05-18T15:30:10"),
        ("4_months_ago", "2025-02-18T15:30:10"),
        ("last.year", "2024-06-18T15:30:10"),
    ],
)
def test_a_moment_is_read_as_git_writes_it_and_in_utc(range_text: str, moment: str) -> None:
    wanted = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert read_time_bound(range_text, NOW) == TimeBound(int(wanted.timestamp()))


def test_a_month_before_a_long_months_last_day_is_the_short_ones() -> None:
    end_of_march = datetime(2025, 3, 31, 12, tzinfo=UTC)
    assert read_time_bound("1.month.ago", end_of_march) == TimeBound(
        int(datetime(2025, 2, 28, 12, tzinfo=UTC).timestamp())
    )


@pytest.mark.parametrize(
    "range_text",
    ["", "v1", "2025", "2025-02-30", "20250501", "ago", "1.ago", "1.fortnight.ago", "9999999.years.ago",
     "999999.years.ago", "-1.day.ago", "week.1.ago", "1.week", "@99999999999999"],
)  # fmt: skip
def test_what_is_no_moment_is_none(range_text: str) -> None:
    assert read_time_bound(range_text, NOW) is None


@given(st.text(max_size=60))
def test_no_words_break_the_reading_of_a_moment(range_text: str) -> None:
    moment = read_time_bound(range_text, NOW)
    assert moment is None or isinstance(moment.time, int)


# ------------------------------------------------------------------- places


def test_from_is_excluded_and_to_included(three: tuple[EpochArchive, list[str]]) -> None:
    archive, commits = three
    assert subjects(archive, f"{commits[0]}..{commits[2]}") == ["1", "2"]
    assert earlier(archive, f"{commits[0]}..{commits[2]}") == ["0"]


@pytest.mark.parametrize(
    ("start", "end"), [(0, 11), (2, 5), (3, 4), (3, 7), (1, 8), (7, 8), (0, 0), (4, 4), (11, 11)]
)
def test_a_range_goes_on_over_the_end_of_an_epoch(
    three: tuple[EpochArchive, list[str]], start: int, end: int
) -> None:
    archive, commits = three
    range_text = f"{commits[start]}..{commits[end]}"
    assert subjects(archive, range_text) == [str(at) for at in range(start + 1, end + 1)]
    assert earlier(archive, range_text) == [str(at) for at in range(start, -1, -1)]


def test_open_ends_are_the_archives_own(three: tuple[EpochArchive, list[str]]) -> None:
    archive, commits = three
    assert subjects(archive, f"{commits[9]}..") == ["10", "11"]
    assert subjects(archive, f"..{commits[1]}") == ["0", "1"]
    assert len(subjects(archive, "..")) == 12
    start, end = archive.title_ends("", "")
    assert start == ""
    assert commits[11].startswith(end)


def test_short_ids_and_epochs_name_commits(three: tuple[EpochArchive, list[str]]) -> None:
    archive, commits = three
    assert subjects(archive, f"{commits[3][:12]}..{commits[5][:9].upper()}") == ["4", "5"]
    assert subjects(archive, f"0:{commits[2][:10]}..1:{commits[4]}") == ["3", "4"]
    assert subjects(archive, "0:HEAD..1:master~2") == ["4", "5"]
    assert subjects(archive, "HEAD^^..HEAD") == ["10", "11"]


def test_a_tag_comes_before_an_id_that_reads_the_same(tmp_path: Path) -> None:
    epoch = Epoch(tmp_path / "list")
    commits = [epoch.add(mail(str(at))) for at in range(5)]
    epoch.tag("57d1cd1e0", commits[1])
    epoch.tag(commits[4][:9], commits[2])
    epoch.tag("release", commits[3])
    archive = opened(tmp_path / "list")
    assert subjects(archive, f"57d1cd1e0..{commits[4][:9]}") == ["2"]
    assert subjects(archive, f"{commits[4][:9]}..release") == ["3"]
    assert subjects(archive, "refs/tags/release..") == ["4"]


def test_a_tag_in_two_epochs_asks_which(tmp_path: Path) -> None:
    for number in range(2):
        epoch = Epoch(tmp_path / "list", number)
        epoch.add(mail(f"{number}a"))
        epoch.tag("mark")
        epoch.add(mail(f"{number}b"))
    archive = opened(tmp_path / "list")
    with pytest.raises(PatchdeskError, match="several epochs") as error:
        subjects(archive, "mark..")
    assert "0:mark, 1:mark" in error.value.hint
    assert subjects(archive, "0:mark..1:mark") == ["0b", "1a"]


def test_dates_hold_what_arrived_after_the_first_through_the_second(
    three: tuple[EpochArchive, list[str]],
) -> None:
    archive, commits = three
    third = f"@{START + 3 * HOUR}"
    assert subjects(archive, f"{third}..@{START + 5 * HOUR}") == ["4", "5"]
    assert earlier(archive, f"{third}..") == ["3", "2", "1", "0"]
    assert subjects(archive, f"{third}..{commits[4]}") == ["4"]
    assert subjects(archive, f"{commits[9]}..@{START + 10 * HOUR}") == ["10"]
    assert len(subjects(archive, "2025-05-31..2025-06-01")) == 11  # through midnight
    assert subjects(archive, "2025-06-18..") == []


def test_a_date_asks_each_mail_since_they_come_in_no_strict_order(tmp_path: Path) -> None:
    epoch = Epoch(tmp_path / "list")
    for at in (1, 2, 5, 3, 9, 4):
        epoch.add(mail(str(at)), at=START + at)
    assert subjects(opened(tmp_path / "list"), f"@{START + 2}..@{START + 5}") == ["5", "3", "4"]


@pytest.mark.parametrize(
    ("range_text", "said"),
    [
        ("deadbeef12..HEAD", "neither a commit or tag of list nor a date"),
        ("HEAD..no-such-tag", "no-such-tag is neither"),
        ("7:HEAD..HEAD", "no epoch 7 in list"),
        ("HEAD~9..HEAD", "goes back too far"),
        ("HEAD..HEAD~1", "reversed"),
        ("1:HEAD..0:HEAD", "reversed"),
        ("2025-07-01..2025-06-01", "reversed"),
        ("HEAD..2025-01-01", "reversed"),
    ],
)
def test_what_cannot_be_is_said_with_what_is_there(
    three: tuple[EpochArchive, list[str]], range_text: str, said: str
) -> None:
    archive, commits = three
    with pytest.raises(PatchdeskError, match=said) as error:
        subjects(archive, range_text)
    if "reversed" in said:
        start, end = range_text.split("..")
        assert f"{end}..{start}" in error.value.hint
    elif "back" not in said:
        assert "epochs 0, 1, 2" in error.value.hint
        assert commits[11][:7] in error.value.hint
        assert "2025-06-01T01:00:00Z" in error.value.hint


def test_an_id_that_begins_several_commits_asks_which(tmp_path: Path) -> None:
    epoch = Epoch(tmp_path / "list")
    commits = [epoch.add(mail(str(at)), at=START) for at in range(1200)]
    starts = [commit[:4] for commit in commits]
    double = next((start for start in starts if starts.count(start) > 1), None)
    assert double, "of 1,200 commits two begin alike in 16 bits, practically always"
    with pytest.raises(PatchdeskError, match="is ambiguous"):
        subjects(opened(tmp_path / "list"), f"{double}..")


# ------------------------------------------------------------------- removed, edited, purged


def test_removed_mails_are_not_there(tmp_path: Path) -> None:
    epoch = Epoch(tmp_path / "list")
    start = epoch.add(mail("before"))
    epoch.add(mail("stays"))
    added = epoch.add(mail("spam"))
    removed = epoch.remove(mail("spam"))
    epoch.remove(mail("before"))
    epoch.add(mail("ham"))
    epoch.remove(mail("ham"))
    epoch.add(mail("ham"))  # learnt anew: an ordinary arrival
    archive = opened(tmp_path / "list")
    assert subjects(archive, f"{start}..") == ["stays", "ham"]
    assert subjects(archive, f"{start}..{added}") == ["stays", "spam"]
    assert subjects(archive, f"{added}..{removed}") == []


def test_a_purged_mail_and_a_commit_without_change_count_nothing(tmp_path: Path) -> None:
    epoch = Epoch(tmp_path / "list")
    epoch.add(mail("1"))
    epoch.purge_marker()
    epoch.add(mail("2"))
    epoch.add(mail("2"))
    assert subjects(opened(tmp_path / "list"), "..") == ["1", "2"]


def edit(epoch: Epoch, mails: list[bytes]) -> None:
    """Give an epoch another history, as public-inbox-edit does: the old commits stay, unreachable."""
    epoch.repository.references.delete("refs/heads/master")
    epoch.time = START
    for raw in mails:
        epoch.add(raw)


def test_an_edited_archives_old_commits_are_found_by_what_they_brought(tmp_path: Path) -> None:
    epoch = Epoch(tmp_path / "list")
    old = [epoch.add(mail(str(at))) for at in range(5)]
    edit(epoch, [mail("0"), mail("1, edited"), mail("2"), mail("3"), mail("4")])
    archive = opened(tmp_path / "list")
    assert subjects(archive, f"{old[2]}..") == ["3", "4"]
    assert subjects(archive, f"{old[2]}..{old[3]}") == ["3"]
    assert subjects(archive, f"{old[0]}..{old[2]}") == ["1, edited", "2"]
    with pytest.raises(PatchdeskError, match="reversed"):
        subjects(archive, f"{old[3]}..{old[2]}")
    with pytest.raises(PatchdeskError, match="no longer in the history") as error:
        subjects(archive, f"{old[1]}..")
    assert "2025-05-31T14:02:00Z" in error.value.hint


# ------------------------------------------------------------------- other archives


def test_a_bare_epoch_and_an_archive_without_mail(tmp_path: Path) -> None:
    epoch = Epoch(tmp_path / "list", 3)
    epoch.add(mail("1"))
    commit = epoch.add(mail("2"))
    archive = opened(epoch.path)
    assert archive.name == "list"
    assert subjects(archive, f"3:{commit}~1..") == ["2"]
    Epoch(tmp_path / "empty")
    empty = opened(tmp_path / "empty")
    assert subjects(empty, "..") == []
    with pytest.raises(PatchdeskError) as error:
        subjects(empty, "abc1234..")
    assert "It is empty" in error.value.hint


def test_a_v1_archive_is_read_by_what_each_commit_changed(tmp_path: Path) -> None:
    path = tmp_path / "old.git"
    make_v1(path, [mail("1")])
    make_v1(path, [mail("1"), mail("2")])
    make_v1(path, [mail("2"), mail("3"), mail("4")])
    archive = opened(path)
    assert subjects(archive, "HEAD~1..HEAD") in (["3", "4"], ["4", "3"])
    assert subjects(archive, "..HEAD~1") == ["1", "2"]


def mbox(*mails: bytes) -> MailboxArchive:
    return MailboxArchive(open_bytes(to_mboxrd(mails), "kept.mbox"))


def test_an_mbox_is_ordered_by_when_its_mails_were_received(tmp_path: Path) -> None:
    received = "Received: from a by b; Sat, 31 May 2025 20:00:00 +0000\nReceived: from c by a; Thu, 1 May 2025 20:00:00 +0000\n"
    archive = mbox(
        mail("late", date=START + 3 * HOUR),
        mail("lies", date=START - 9999 * HOUR, headers=received),
        mail("early", date=START),
    )
    assert archive.name == "kept"
    assert subjects(archive, "..") == ["early", "late", "lies"]
    assert subjects(archive, f"@{START}..") == ["late", "lies"]
    assert earlier(archive, f"@{START + HOUR}..") == ["early"]
    assert subjects(archive, "2025-05-31T19:00..2025-05-31T20:00") == ["lies"]


def test_an_mbox_knows_dates_only() -> None:
    archive = mbox(mail("1"))
    with pytest.raises(PatchdeskError, match="HEAD is not a date, and kept has no commits"):
        subjects(archive, "HEAD..")
    with pytest.raises(PatchdeskError, match="reversed"):
        subjects(archive, "2025-06-01..2025-05-01")


def test_a_repository_with_a_hole_says_what_is_missing(tmp_path: Path) -> None:
    epoch = Epoch(tmp_path / "list")
    commits = [epoch.add(mail(str(at))) for at in range(3)]
    blob = str(epoch.repository[commits[1]].peel(pygit2.Commit).tree["m"].id)
    (epoch.path / "objects" / blob[:2] / blob[2:]).unlink()
    archive = opened(tmp_path / "list")
    assert subjects(archive, "..") == ["0", "2"]
    assert archive.notes == ("1 mail of the range could not be read, and are not counted.",)


def test_a_copy_that_lacks_its_beginning_says_so(tmp_path: Path) -> None:
    epoch = Epoch(tmp_path / "list", 2)
    for at in range(5):
        epoch.add(mail(str(at)))
    archive = opened(tmp_path / "list")
    assert earlier(archive, "HEAD~1..") == ["3", "2", "1", "0"]
    (note,) = archive.notes
    assert "begins with epoch 2" in note
    shallow = tmp_path / "shallow" / "git" / "0.git"
    git(
        "clone",
        "-q",
        "--mirror",
        "--depth",
        "3",
        epoch.path.as_uri(),
        str(shallow),
        folder=tmp_path,
    )
    archive = opened(tmp_path / "shallow")
    assert subjects(archive, "..") == ["2", "3", "4"]
    assert earlier(archive, "HEAD~1..") == ["3", "2"]
    (note,) = archive.notes
    assert "begins with a shallow clone" in note
