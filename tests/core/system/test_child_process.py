"""Child processes: their messages, their end, and that every crash is reported and none leaves a child."""

from __future__ import annotations

import logging
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import InitVar, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest

from core.desk.target_reader import TargetReader
from core.digest.process import DigestProcess
from core.errors import Cancelled, ChildError, FetchError, PatchdeskError, SourceError
from core.fetch.client import FetchClient, RequestLimits
from core.fetch.messages import FetchRequest
from core.index.index import open_index
from core.model import Identity
from core.progress import Progress
from core.search.fuzzy.cache import FuzzyCache
from core.sync.process import SyncProcess
from core.system import child_process
from core.system.child_messages import LENGTH, framed, unpacked
from core.system.child_process import ChildProcess
from core.system.log import start_logging

MAIL = b"From: a@example.org\nSubject: x\nMessage-ID: <1@example.org>\n\ntext\n"


def ignore(_: object) -> None:
    """Take a report of progress."""


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATA", "CACHE", "CONFIG", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    path = tmp_path / "log" / "patchdesk.log"
    start_logging(path)
    yield path
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)


def main_is(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Have every child run `code` instead of its module's main; `channel` and `arguments` are at hand."""
    whole = (
        "import sys, types\nfrom core.system import child_process\n"
        f"def main(channel, *arguments):\n    exec({code!r}, globals() | locals())\n"
        "module = types.ModuleType('injected'); module.main = main; sys.modules['injected'] = module\n"
        "child_process.run_child('injected', *sys.argv[1:])\n"
    )
    monkeypatch.setattr(child_process, "command", lambda _: [sys.executable, "-P", "-c", whole])


def child(**more: float) -> ChildProcess:
    return ChildProcess("some.module", doing="Counting", hint="Count again.", **more)  # type: ignore[arg-type]


def received(one: ChildProcess, stop: Event | None = None) -> list[object]:
    try:
        return list(one.receive(stop=stop or Event(), report=ignore))
    finally:
        one.release()


def test_values_and_progress_come_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    main_is(
        monkeypatch,
        "from core.progress import Progress\nchannel.send(1); channel.report(Progress('x', 3))\n"
        "channel.send({'a': (b'b', None)}); channel.send('\\udc80' * 300_000)",
    )
    told: list[Progress] = []
    one = child()
    values = list(one.receive(stop=Event(), report=told.append))
    one.release()
    assert values == [1, {"a": (b"b", None)}, "\udc80" * 300_000]
    assert told == [Progress("x", 3)]


def test_what_a_library_prints_is_no_message(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    main_is(monkeypatch, "print('chatter', flush=True); channel.send(2)")
    assert received(child()) == [2]
    assert "chatter" in caplog.text


def test_an_error_keeps_its_kind_and_its_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    main_is(
        monkeypatch,
        "from core.errors import FetchError\nraise FetchError('no', 'do', status=429, kind='status', wait=3)",
    )
    with pytest.raises(FetchError) as caught:
        received(child())
    error = caught.value
    assert (error.message, error.hint, error.status, error.wait) == ("no", "do", 429, 3)


@pytest.mark.parametrize("how", ["stop", "close"])
def test_it_is_cancelled_at_once(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    main_is(monkeypatch, "import time; time.sleep(60)")
    one, stop = child(), Event()
    threading.Timer(0.3, stop.set if how == "stop" else one.close).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        received(one, stop)
    assert time.monotonic() - started < 5
    assert one.wait(5)


def test_a_child_that_blocks_with_the_interpreter_locked_is_given_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "fifo")
    blocks = f"import ctypes; ctypes.PyDLL(None).open({os.fsencode(tmp_path / 'fifo')!r}, 0)"
    main_is(monkeypatch, blocks)
    one = child(patience=1)
    with pytest.raises(ChildError, match="took too long"):
        received(one)
    assert one.wait(5)


def test_it_ends_itself_after_the_deadline_where_the_parent_is_gone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "fifo")
    blocks = f"import ctypes; ctypes.PyDLL(None).open({os.fsencode(tmp_path / 'fifo')!r}, 0)"
    main_is(monkeypatch, "child_process._GRACE = 0.5\nchannel.send(0)\n" + blocks)
    one = child(patience=1)
    assert next(one.receive(stop=Event(), report=ignore)) == 0
    assert one.wait(20)  # nobody ends it
    assert one._process.returncode == -signal.SIGALRM
    one.release()


def test_descriptors_above_a_thousand_do_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 1400:
        pytest.skip("too few descriptors are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (1400, hard))
    taken = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        main_is(monkeypatch, "channel.send(4)")
        assert received(child()) == [4]
    finally:
        for handle in taken:
            os.close(handle)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# ------------------------------------------------------------------- what a message may hold


@dataclass(frozen=True)
class Stranger:
    """A value that is none of the program's."""


class Runs:
    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("true",)


@pytest.mark.parametrize(
    "value", [Stranger(), Runs(), os.getcwd, child_process.command, child_process.log]
)
def test_nothing_but_the_programs_own_values_is_taken(value: object) -> None:
    with pytest.raises(pickle.UnpicklingError, match="does not belong"):
        unpacked(pickle.dumps(value))


def test_the_programs_own_values_are_taken() -> None:
    from core.model import Series
    from core.triage.transitions import Status

    values = [
        Identity("Ann", "a@example.org"),
        datetime.now(UTC),
        Path("/x"),
        frozenset({1}),
        list(Status),
        SourceError("a", "b"),
        Series,
    ]
    for value in values:
        for frame in (pickle.dumps(value), framed(value)[LENGTH.size :]):
            assert repr(unpacked(frame)) == repr(value)


@dataclass(frozen=True, slots=True)
class Pair:
    left: object
    right: object = None


@dataclass(slots=True)
class Counted:
    names: list[str]
    count: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.count += 1


@dataclass(slots=True, kw_only=True)
class Named:
    name: str


@dataclass(frozen=True, slots=True)
class Single:
    value: object


@dataclass
class Open:
    value: int


@dataclass(frozen=True, slots=True)
class Doubled:
    value: int
    factor: InitVar[int]

    def __post_init__(self, factor: int) -> None:
        object.__setattr__(self, "value", self.value * factor)


def test_every_kind_of_dataclass_comes_over_as_it_was() -> None:
    counted, one = Counted(["a"]), Open(1)
    counted.count, one.more = 7, 2  # type: ignore[attr-defined]
    shared = Single((1,))
    values = [counted, one, Named(name="x"), Doubled(3, 2), Pair(shared, Pair(shared)), shared]
    loaded = pickle.loads(framed(values)[LENGTH.size :])
    assert loaded == values
    assert loaded[1].more == 2
    assert loaded[4].left is loaded[4].right.left is loaded[5]


# ------------------------------------------------------------------- a crash in each kind of child


def read_target(tmp_path: Path) -> str:
    (tmp_path / "some.mbox").write_bytes(b"From a Mon Jan  1 00:00:00 2024\n" + MAIL)
    return f"{len(list(TargetReader(str(tmp_path / 'some.mbox')).listings(stop=Event(), report=ignore)))} listings"


def make_digest(tmp_path: Path) -> str:
    (tmp_path / "some.mbox").write_bytes(b"From a Mon Jan  1 00:00:00 2024\n" + MAIL)
    process = DigestProcess(str(tmp_path / "some.mbox"), "..", datetime.now(UTC))
    return type(process.result(stop=Event(), report=ignore)).__name__


def sync_lists(tmp_path: Path) -> str:
    return f"{len(list(SyncProcess([]).results(stop=Event(), report=ignore)))} lists"


def build_search(tmp_path: Path) -> str:
    index = open_index(tmp_path / "index.sqlite3")
    cache = FuzzyCache(index, tmp_path / "search")
    try:
        ready = cache.ensure_ready(Event())
    finally:
        cache.close()
        index.close()
    if not ready:
        raise PatchdeskError(
            "The search was not prepared."
        )  # which is logged, and searched without
    return "ready"


def ask_server(tmp_path: Path) -> str:
    client = FetchClient(tmp_path / "b4")
    request = FetchRequest(operation="forget", base="https://example.org/all", max_size=1)
    limits = RequestLimits(30, 1, "example.org", "nothing")
    try:
        return client.ask(request, limits, stop=Event(), report=ignore).url
    finally:
        client.close()


KINDS: dict[Callable[[Path], str], str] = {
    read_target: "1 listings",
    make_digest: "DigestResult",
    sync_lists: "0 lists",
    build_search: "ready",
    ask_server: "",
}
CRASHES = {
    "exception": ("raise ZeroDivisionError('injected')", "ZeroDivisionError: injected"),
    "exit": ("raise SystemExit(3)", "SystemExit: 3"),
    "killed": ("import os; os.kill(os.getpid(), 9)", "with status -9"),
    "crash": ("import ctypes; ctypes.string_at(0)", "with status -11"),
}


@pytest.mark.parametrize("use", KINDS, ids=lambda use: use.__name__)
@pytest.mark.parametrize("crash", CRASHES)
def test_a_crash_is_logged_and_told_and_the_next_use_works(
    use: Callable[[Path], str], crash: str, tmp_path: Path, log: Path
) -> None:
    code, logged = CRASHES[crash]
    with pytest.MonkeyPatch.context() as injected:
        main_is(injected, code)
        with pytest.raises(PatchdeskError) as caught:
            use(tmp_path)
    assert caught.value.message
    assert logged in log.read_text()
    if crash == "exception":
        assert "Traceback" in log.read_text()
    assert use(tmp_path) == KINDS[use]
