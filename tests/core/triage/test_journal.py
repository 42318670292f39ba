"""The journal's file: every confirmed action is in it, whatever happens to the process, the file or its lines."""

from __future__ import annotations

import fcntl
import io
import json
import os
import random
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.desk.triage_service import TriageService
from core.index.index import open_index
from core.model import MessageId
from core.progress import Progress
from core.triage import journal
from core.triage.arguments import ArgumentError
from core.triage.events import LONGEST, EventSeries, TriageEvent, read_line, to_microseconds
from core.triage.journal import FILE, Journal, JournalError
from core.triage.transitions import Status, Verb
from tests.core.triage.triage_kit import NOW, Desk, series

ROOT = Path(__file__).resolve().parents[3]
AT = to_microseconds(NOW)
LAMP = MessageId("lamp-v1-0@x")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "triage.jsonl"


def event(name: str = "a@x", verb: str = "done") -> TriageEvent:
    return TriageEvent(
        time=0, host="", id="", verb=verb, series=(EventSeries(ids=(MessageId(name),)),)
    )


def read(journal: Journal) -> list[TriageEvent]:
    return [one for batch in journal.read_from() for one in batch.events]


def triage_of(path: Path, host: str = "desk") -> TriageService:
    return TriageService(None, Journal(path, host=host), clock=lambda: NOW)


# ------------------------------------------------------------------- what a line is

texts = st.text(max_size=20)
ids = st.lists(st.text(min_size=1, max_size=30).map(MessageId), min_size=1, max_size=4).map(tuple)
entries = st.builds(
    EventSeries,
    ids=ids,
    before=st.none() | st.sampled_from(Status),
    replies=st.none() | st.frozensets(st.binary(min_size=4, max_size=4), max_size=3),
    active=st.none() | st.floats(-1e10, 1e10),
)
events = st.builds(
    TriageEvent,
    time=st.integers(-(10**15), 10**17),
    host=texts,
    id=st.from_regex(r"\A[0-9a-f]{16}(\.[0-9]{1,3})?\Z"),
    verb=texts,
    series=st.lists(entries, max_size=3).map(tuple),
    argument=texts,
    note=st.none() | texts,
    patch=st.booleans(),
    undoes=texts,
    ids=ids | st.just(()),
    keys=st.lists(st.from_regex(r"\A[0-9a-f]{32}\Z"), max_size=2).map(tuple),
)


@given(events)
def test_an_event_is_read_as_it_was_written(one: TriageEvent) -> None:
    # Of the three kinds of events each has its own.
    series = () if one.undoes else one.series
    one = replace(one, series=series, ids=() if series or one.undoes else one.ids)
    line = one.line()
    assert line.isascii()
    assert line.count(b"\n") == 1
    assert read_line(line) == one


_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
_values = st.recursive(
    _scalars,
    lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(max_size=5), v, max_size=3),
)
FIELDS = (
    "time",
    "host",
    "id",
    "verb",
    "series",
    "argument",
    "note",
    "patch",
    "undoes",
    "ids",
    "keys",
)


@settings(max_examples=300)
@given(one=events, name=st.sampled_from(FIELDS), value=_values, inner=st.booleans())
def test_wrong_types_are_no_events_and_never_an_exception(
    one: TriageEvent, name: str, value: object, inner: bool
) -> None:
    record = json.loads(one.line())
    if inner and record.get("series"):
        record["series"][0][name] = value
    else:
        record[name] = value
    found = read_line(json.dumps(record).encode())
    assert found is None or read_line(found.line()) == found


@given(st.binary(max_size=200))
def test_any_bytes_are_no_event(line: bytes) -> None:
    assert read_line(line) is None


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"time": ' + b"9" * 10_000 + b"}",
        b'{"time": "2026-06-10T00:00:00", "host": "h", "id": "a", "verb": "done"}',
        b'{"time": "99999-06-10T00:00:00+00:00", "host": "h", "id": "a", "verb": "done"}',
        b'{"time": "2026-06-10T00:00:00+00:00", "host": "h", "id": "../a", "verb": "done"}',
        b'{"time": "2026-06-10T00:00:00+00:00", "host": "h", "id": "a", "verb": "done", "series": [{"ids": []}]}',
        b'{"time": "2026-06-10T00:00:00+00:00", "host": "h", "id": "a", "verb": "done", "series": [{"ids": ["a"], "active": 1e999}]}',
    ],
)
def test_hostile_lines(line: bytes) -> None:
    found = read_line(line)
    assert found is None or found.series[0].active is None


# ------------------------------------------------------------------- the file


def test_the_file_is_private_and_its_folder_too(path: Path) -> None:
    triage_of(path).apply(Verb.DONE, [LAMP])
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_asking_makes_no_file(path: Path) -> None:
    triage = triage_of(path)
    assert triage.state_of(LAMP).status is Status.NEW
    assert triage.undo() is None
    assert triage.refresh() is False
    assert list(triage.log.lines()) == []
    assert not path.parent.exists()


def test_a_batch_is_one_line_and_one_step(path: Path) -> None:
    triage = triage_of(path)
    triage.apply(Verb.DONE, [MessageId(f"{number}@x") for number in range(500)])
    assert path.read_bytes().count(b"\n") == 1
    assert (outcome := triage.undo()) is not None
    assert outcome.text == "undone: done (500 series)"


def test_a_batch_of_thousands_is_one_step_all_the_same(path: Path) -> None:
    triage = triage_of(path)
    many = [MessageId(f"{number}@x") for number in range(2500)]
    assert triage.apply(Verb.DONE, many).text == "done: 2,500 series"
    assert path.read_bytes().count(b"\n") == 3
    assert (outcome := triage.undo()) is not None
    assert outcome.text == "undone: done (2,500 series)"
    assert {one.status for one in triage.states_of(many).values()} == {Status.NEW}
    assert triage.redo() is not None
    assert {one.status for one in triage.states_of(many).values()} == {Status.DONE}
    (undone,) = [line for line in triage.log.lines() if line.verb == "undo"]
    assert (len(undone.ids), undone.before, undone.after) == (2500, "done", "new")


def test_a_torn_last_line_is_set_aside_and_said(path: Path) -> None:
    triage_of(path).apply(Verb.DONE, [LAMP])
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: len(whole) // 2])
    triage = triage_of(path)
    outcome = triage.apply(Verb.FLAG, [LAMP])
    assert outcome.notes == (
        f"The last line of the triage journal was torn; its {len(whole) // 2} bytes are in triage.jsonl.torn.",
    )
    torn = path.with_name("triage.jsonl.torn")
    assert torn.read_bytes() == whole[: len(whole) // 2] + b"\n"
    assert torn.stat().st_mode & 0o777 == 0o600
    assert triage.apply(Verb.UNFLAG, [LAMP]).notes == ()
    assert [one.verb for one in read(triage.applied.journal)] == ["done", "flag", "unflag"]
    assert path.read_bytes().startswith(whole)


def test_a_last_line_that_lacks_but_its_end_is_no_torn_one(path: Path) -> None:
    triage_of(path).apply(Verb.DONE, [LAMP])
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    triage = triage_of(path)
    assert triage.state_of(LAMP).status is Status.DONE
    assert triage.apply(Verb.FLAG, [LAMP]).notes == ()
    assert not path.with_name("triage.jsonl.torn").exists()


def test_lines_that_are_no_events_are_passed_over_and_stay(path: Path) -> None:
    triage_of(path).apply(Verb.DONE, [LAMP])
    whole = path.read_bytes()
    junk = b"\x00\xff junk\n{}\n[]\nnull\n\n" + b"x" * (1 << 20) + b"\n" + b"[" * (1 << 20) + b"\n"
    path.write_bytes(junk + whole + junk)
    triage = triage_of(path)
    outcome = triage.apply(Verb.FLAG, [LAMP])
    assert outcome.notes == ("Ignored 12 lines of the triage journal that are not events.",)
    assert triage.state_of(LAMP).status is Status.DONE
    assert path.read_bytes().startswith(junk + whole + junk)
    assert not path.with_name("triage.jsonl.torn").exists()


def test_a_line_of_any_length_takes_little_memory(path: Path) -> None:
    triage_of(path).apply(Verb.DONE, [LAMP])
    with path.open("ab") as file:
        for _ in range(3 * LONGEST >> 20):
            file.write(b"x" * (1 << 20))
        file.write(b"\n")
    triage = triage_of(path)
    triage.apply(Verb.FLAG, [LAMP])
    assert [one.verb for one in read(triage.applied.journal)] == ["done", "flag"]


def test_events_of_a_newer_version_are_kept_and_mean_nothing(path: Path) -> None:
    triage_of(path).apply(Verb.DONE, [LAMP])
    path.write_bytes(
        path.read_bytes()
        + path.read_bytes().replace(b'"done"', b'"teleport"').replace(b'"id":"', b'"id":"f')
    )
    triage = triage_of(path)
    assert triage.state_of(LAMP).status is Status.DONE
    assert [line.verb for line in triage.log.lines()] == ["done", "teleport"]


def test_a_journal_that_was_replaced_is_read_anew(tmp_path: Path) -> None:
    desk = Desk(tmp_path, *series("lamp"), *series("wick"))
    wick = MessageId("wick-v1-0@x")
    desk.triage.apply(Verb.DONE, [LAMP])
    first = desk.journal.path.read_bytes()
    desk.triage.apply(Verb.SKIP, [wick])
    both = desk.journal.path.read_bytes()

    desk.journal.path.write_bytes(first)  # restored from yesterday's copy
    assert desk.triage.refresh()
    assert desk.shown()[LAMP].status is Status.DONE
    assert desk.shown()[wick].status is Status.NEW

    desk.journal.path.write_bytes(both[len(first) :] + first)  # as long as it was once, and another
    desk.triage.refresh()
    assert desk.shown()[wick].status is Status.SKIPPED

    desk.journal.path.unlink()
    desk.triage.refresh()
    assert {one.status for one in desk.shown().values()} == {Status.NEW}
    desk.triage.apply(Verb.WAIT, [LAMP])
    assert desk.shown()[LAMP].status is Status.WAITING
    desk.check()
    desk.close()


def test_another_process_is_seen(tmp_path: Path) -> None:
    desk = Desk(tmp_path, *series("lamp"))
    triage_of(desk.journal.path, host="other").apply(Verb.DONE, [LAMP])
    assert desk.shown()[LAMP].status is Status.NEW
    assert desk.triage.refresh()
    assert not desk.triage.refresh()
    assert desk.shown()[LAMP].status is Status.DONE
    assert desk.triage.undo() is None  # it was another machine
    desk.close()


def test_a_clock_that_was_set_back_loses_no_verdict(path: Path) -> None:
    now = NOW
    triage = TriageService(None, Journal(path, host="desk"), clock=lambda: now)
    triage.apply(Verb.DONE, [LAMP])
    now -= timedelta(days=400)
    triage.apply(Verb.REOPEN, [LAMP])
    assert triage.state_of(LAMP).status is Status.NEW
    again = TriageService(None, Journal(path, host="desk"), clock=lambda: now)
    again.apply(Verb.SKIP, [LAMP])
    assert again.state_of(LAMP).status is Status.SKIPPED
    times = [one.time for one in read(again.applied.journal)]
    assert times == [times[0], times[0] + 1, times[0] + 2]
    # The file's end alone says so, too.
    Journal(path, host="desk").append([event()], now=0)
    assert read(again.applied.journal)[-1].time == times[0] + 3
    Journal(path, host="other").append([event()], now=5)
    assert read(again.applied.journal)[-1].time == 5


def test_another_machines_journal_is_added_once(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    triage_of(other, "laptop").apply(Verb.SKIP, [LAMP])
    triage = triage_of(path)
    triage.apply(Verb.DONE, [MessageId("wick-v1-0@x")])
    content = other.read_bytes() + b"junk\n" + path.read_bytes() + other.read_bytes().rstrip(b"\n")
    assert triage.applied.import_events(io.BytesIO(content)) == (1, 1)
    assert triage.applied.import_events(io.BytesIO(content)) == (0, 1)
    assert triage.state_of(LAMP).status is Status.SKIPPED
    # cat does as well.
    with path.open("ab") as file:
        file.write(other.read_bytes() * 2)
    fresh = triage_of(path)
    assert [line.verb for line in fresh.log.of_series(LAMP)] == ["skip"]
    assert fresh.state_of(LAMP).status is Status.SKIPPED


# ------------------------------------------------------------------- what goes wrong


def test_a_full_disk_is_said_and_leaves_no_half_line(path: Path) -> None:
    triage = triage_of(path)
    triage.apply(Verb.DONE, [LAMP])
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 20, limits[1]))
    try:
        with pytest.raises(JournalError) as caught:
            triage.apply(Verb.FLAG, [LAMP])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert caught.value.hint
    assert path.read_bytes() == before
    assert triage.state_of(LAMP).flagged is False
    triage.apply(Verb.FLAG, [LAMP])
    assert triage.state_of(LAMP).flagged is True


def test_what_cannot_be_opened_is_said(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(JournalError, match=r"triage\.jsonl"):
        triage_of(path).apply(Verb.DONE, [LAMP])


def test_a_lock_that_is_never_let_go_is_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "LOCK_FOR", 0.05)
    triage = triage_of(path)
    triage.apply(Verb.DONE, [LAMP])
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(JournalError, match="locked"):
            triage.apply(Verb.FLAG, [LAMP])
    assert triage.apply(Verb.FLAG, [LAMP]).text == "flagged: 1 series"


_APPENDS = """
import sys
from pathlib import Path
from core.index.index import open_index
from core.model import MessageId
from core.progress import Progress
from core.desk.triage_service import Journal, TriageService, Verb
triage = TriageService(None, Journal(Path(sys.argv[1]), host=sys.argv[2]))
for number in range(60):
    triage.apply(Verb.DONE, [MessageId(f"{sys.argv[3]}-{number}-{each}@x") for each in range(20)])
"""


def test_processes_append_side_by_side(path: Path) -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", _APPENDS, path, host, name], cwd=ROOT)
        for host, name in (("desk", "a"), ("desk", "b"), ("laptop", "c"))
    ]
    assert [process.wait() for process in running] == [0, 0, 0]
    found = read(Journal(path))
    assert len(found) == 180
    assert len({one.id for one in found}) == 180
    assert all(read_line(line) for line in path.read_bytes().splitlines())
    for host in ("desk", "laptop"):
        times = [one.time for one in found if one.host == host]
        assert times == sorted(set(times))


def test_threads_append_side_by_side(tmp_path: Path) -> None:
    desk = Desk(tmp_path, *series("lamp"))
    verbs = [Verb.FLAG, Verb.UNFLAG] * 10

    def work() -> None:
        for verb in verbs:
            desk.triage.apply(verb, [LAMP])
            desk.made().apply(Verb.PRIORITY, [LAMP], argument="+1")

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    desk.triage.refresh()
    desk.check()
    desk.close()


_ANSWERS = """
import os, sys
from pathlib import Path
from core.index.index import open_index
from core.model import MessageId
from core.progress import Progress
from core.desk.triage_service import Journal, TriageService, Verb
for line in sys.stdin:
    if (child := os.fork()) == 0:
        triage = TriageService(None, Journal(Path(sys.argv[1])))
        for number in range(100_000):
            triage.apply(Verb.DONE, [MessageId(f"{line.strip()}-{number}@x")])
            os.write(1, f"{os.getpid()} {line.strip()}-{number}@x\\n".encode())
    os.waitpid(child, 0)
    os.write(1, b"killed\\n")
"""


def _answers(process: subprocess.Popen[str]) -> Iterator[tuple[int, str]]:
    assert process.stdout is not None
    while (line := process.stdout.readline()) != "killed\n":
        pid, _, name = line.strip().partition(" ")
        yield int(pid), name


def test_what_was_answered_is_there_after_kill_9(path: Path) -> None:
    seed = random.Random(6)
    answered: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-c", _ANSWERS, path],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        for number in range(100):
            process.stdin.write(f"{number}\n")
            process.stdin.flush()
            last = seed.randrange(4)
            for at, (pid, name) in enumerate(_answers(process)):
                answered.append(name)
                if at == last:
                    os.kill(pid, signal.SIGKILL)
        process.stdin.close()
    triage = triage_of(path)
    there = {one for line in triage.log.lines() for one in line.ids}
    assert len({name.partition("-")[0] for name in answered}) == 100
    assert set(answered) <= there
    assert len(there) <= len(answered) + 100
    assert triage.apply(Verb.FLAG, [LAMP]).unknown == (LAMP,)


@pytest.mark.parametrize(
    "time",
    ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "1999-01-01T00:00:00", "+10000"],
)
def test_a_time_that_is_no_date_in_every_zone_is_no_event(time: str) -> None:
    line = (
        '{"time":"%s","host":"h","id":"0123456789abcdef","verb":"undo","undoes":"0123456789abcdef"}'
    )
    assert read_line((line % "2025-06-02T10:00:00+00:00").encode()) is not None
    assert read_line((line % time).encode()) is None


def test_half_a_key_is_none() -> None:
    line = (
        '{"time":"2025-06-02T10:00:00+00:00","host":"h","id":"0123456789abcdef","verb":"done",'
        '"series":[{"ids":["a@b"],"replies":"000102030405"}]}'
    )
    found = read_line(line.encode())
    assert found is not None
    assert found.series[0].replies == frozenset({bytes(range(4))})


@pytest.mark.parametrize("field", ["note", "argument", "host", "verb", "undoes", "ids", "series"])
@pytest.mark.parametrize("text", ["caf\\udce9", "\\ud800", "\\udfff x"])
def test_a_line_that_no_database_takes_is_passed_over_alone(
    tmp_path: Path, field: str, text: str
) -> None:
    journal = Journal(tmp_path / FILE, host="desk")
    (good,) = journal.append([event()], now=1_000)
    line = good.line().replace(b'"id":"', b'"id":"b')
    record = json.loads(line)
    odd = json.loads(f'"{text}"')
    if field == "ids":
        del record["series"]
    record[field] = {"ids": [odd], "series": [{"ids": [odd]}]}.get(field, odd)
    with journal.path.open("ab") as file:
        file.write(json.dumps(record).encode("ascii") + b"\n")
    journal.append([event()], now=2_000)
    index = open_index(tmp_path / "index.sqlite3")
    for number, service in enumerate((TriageService(None, journal), TriageService(index, journal))):
        assert len(list(service.log.lines())) == 2 + 2 * number
        assert service.applied.notes() == (
            "Ignored 1 line of the triage journal that is not an event.",
        )
        assert service.apply(Verb.FLAG, [MessageId("z@x")]).text == "flagged: 1 series"
        service.undo()
    index.close()


def test_a_note_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    service = TriageService(None, Journal(tmp_path / FILE, host="desk"))
    with pytest.raises(ArgumentError, match="not valid UTF-8"):
        service.apply(Verb.NOTE, [MessageId("z@x")], note="caf\udce9")
    assert service.applied.journal.size() == 0


@pytest.mark.parametrize("cut", [0, 1])
def test_a_clock_set_back_comes_after_a_torn_line(tmp_path: Path, cut: int) -> None:
    path = tmp_path / FILE
    (first,) = Journal(path, host="desk").append([event()], now=5_000_000)
    # What a crash left: with the line whole but for its end, or with more that is torn.
    path.write_bytes(first.line()[:-1] if cut == 0 else first.line() + b'{"time": "20')
    (second,) = Journal(path, host="desk").append([event()], now=1_000_000)
    assert second.time > first.time


def test_many_new_events_are_read_with_progress(path: Path) -> None:
    heard: list[Progress] = []
    journal = Journal(path, report=heard.append)
    journal.append([event()] * 50, now=1)
    assert [len(batch.events) for batch in journal.read_from(most=50)] == [50]
    assert not heard, "one batch is no wait"
    assert [len(batch.events) for batch in journal.read_from(most=20)] == [20, 20, 10]
    assert [one.done <= (one.total or 0) for one in heard] == [True] * 3
    assert heard[-1].done == heard[-1].total


@pytest.mark.parametrize("others", [0, 3])
def test_a_clock_set_back_comes_after_long_lines(tmp_path: Path, others: int) -> None:
    path = tmp_path / FILE
    long = replace(event(), series=(EventSeries(ids=(MessageId("z" * 4000),) * 350),))
    (first,) = Journal(path, host="desk").append([long], now=5_000_000)
    if others:
        Journal(path, host="laptop").append([long] * others, now=1_000_000)
    (second,) = Journal(path, host="desk").append([event()], now=1_000_000)
    assert second.time > first.time
