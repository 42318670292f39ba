"""One target under atheris, libFuzzer for Python: `python -m tests.torture.fuzz TARGET FOLDER SECONDS`.

What a run finds interesting stays in FOLDER/TARGET and is where the next run begins; what breaks the target is written
beside it. Atheris comes with the extra `torture`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Final

import atheris  # type: ignore[import-untyped]

with atheris.instrument_imports(include=["core"]):
    from tests.torture.targets import TARGETS

SECONDS: Final = 0.5
SECONDS_FOR_A_BYTE: Final = 50e-6
"""CPU time that one input may take: both far more than any needs, under instruments."""
LONGEST: Final = 16_384
SAMPLE: Final = 60
"""Seconds below which a run is a sample: it always tries the same inputs, so that it fails for a change, not by chance."""


def main(name: str, folder: str, seconds: str) -> None:
    """Run one target for some time; does not return."""
    target = TARGETS[name]
    corpus = Path(folder, name)
    corpus.mkdir(parents=True, exist_ok=True)
    words = Path(folder, f"{name}.dict")
    words.write_text(
        "".join(f'"{_escaped(token)}"\n' for token in target.tokens if 0 < len(token) <= 64)
    )
    for number, token in enumerate(target.tokens):
        (corpus / f"seed-{number}").write_bytes(token)
    (corpus / "seed-all").write_bytes(b"".join(target.tokens)[:LONGEST])

    def one(data: bytes) -> None:
        began = time.process_time()
        target.check(data)
        took = time.process_time() - began
        if took > SECONDS + len(data) * SECONDS_FOR_A_BYTE:
            raise TimeoutError(f"{len(data)} bytes took {took:.2f} s")

    options = [
        f"-dict={words}",
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST}",
        "-timeout=10",
        "-rss_limit_mb=2048",
        f"-artifact_prefix={folder}/{name}-",
        "-print_final_stats=1",
        "-verbosity=0",
        *(["-seed=1"] if int(seconds) < SAMPLE else []),
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], one)
    atheris.Fuzz()


def _escaped(token: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in token)


if __name__ == "__main__":
    main(*sys.argv[1:])
