"""What `midspan bench typing` finds out: per key and system, and the quantiles and ratios that come of it.

Most requests are overtaken by the next key, which tells only that the answer takes longer than that; taking those that
were answered would flatter the slowest. So times are those of the keys at which the typist looks, where no system is
overtaken, and of those where midspan's model was asked. An answer without text counts as one that has not come yet
(`stats.km_quantile`), for all systems alike. How many answers came before the next key is told over all keys.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psutil

from .. import stats
from .recording import Recorded

_N_RESAMPLES = 300
_QUANTILES = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}


@dataclass(slots=True)
class Key:
    """One key at which midspan was asked, and what came of it.

    Pressed ``at`` seconds from the segment's start; the next key comes ``pause`` seconds later, or if ``is_look`` when
    the typist has seen the answer. ``latency`` is seconds, None where the next key came first. ``requests`` is what
    the model was asked, nothing where it had not to be.
    """

    at: float
    pause: float
    is_look: bool = False
    latency: float | None = None
    is_shown: bool = False
    requests: Sequence[Recorded] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of a key at which midspan's model was asked, in one system.

    ``milliseconds`` till its answer, or else till the next key.
    """

    segment: int
    is_look: bool
    milliseconds: float
    has_text: bool


@dataclass(slots=True)
class System:
    """What was measured of one system.

    Tokens are those of answers that came before the next key (``n_prompt`` in their prompts, of which ``n_reused``
    were not read again; ``n_computed`` read or written): not every system tells what went into the others. Of
    ``n_shortened`` answers the prompt was shorter than what was sent.
    """

    version: str = ""
    missing: str = ""
    asked: list[Asked] = field(default_factory=list)
    n_shown: int = 0
    n_whole: int = 0
    n_prompt: int = 0
    n_reused: int = 0
    n_computed: int = 0
    n_shortened: int = 0
    cpu_seconds: float = 0.0
    rss_bytes: int = 0

    def add_cost(self, n_prompt: int, n_reused: int, n_written: int) -> None:
        """Count the tokens of an answer that came before the next key."""
        self.n_whole += 1
        self.n_prompt += n_prompt
        self.n_reused += n_reused
        self.n_computed += n_prompt - n_reused + n_written

    def add_use(self, pids: Sequence[int], cpu_before: float) -> None:
        """Count what processes have used since they had used so many processor seconds."""
        self.cpu_seconds += cpu_seconds(pids) - cpu_before
        self.rss_bytes = max(self.rss_bytes, rss(pids))


def cpu_seconds(pids: Sequence[int]) -> float:
    """Return the processor seconds that processes have used."""
    total = 0.0
    for pid in pids:
        with suppress(psutil.Error):
            times = psutil.Process(pid).cpu_times()
            total += times.user + times.system
    return total


def rss(pids: Sequence[int]) -> int:
    """Return the bytes of memory that processes have resident."""
    total = 0
    for pid in pids:
        with suppress(psutil.Error):
            total += psutil.Process(pid).memory_info().rss
    return total


def of_system(system: System) -> dict[str, Any]:
    """Return the figures of one system, as the documented JSON has them."""
    if system.missing:
        return {"missing": system.missing, **dict.fromkeys(_QUANTILES)}
    return {
        **{name: rounded(_quantile(system, share)) for name, share in _QUANTILES.items()},
        "answered_in_time": rounded(sum(one.has_text for one in system.asked) / max(1, len(system.asked)), 4),
        "cpu_s": rounded(system.cpu_seconds / max(1, system.n_shown), 3),
        "rss_mb": round(system.rss_bytes / 1e6, 1),
        "tokens_per_keystroke": rounded(system.n_computed / max(1, system.n_whole), 2),
        "shortened": system.n_shortened,
        "reused": rounded(system.n_reused / max(1, system.n_prompt), 4),
        "keys": [[one.segment, one.is_look, round(one.milliseconds, 1), one.has_text] for one in system.asked],
        "version": system.version,
    }


def ratio(midspan: System, peer: System) -> dict[str, Any]:
    """Return midspan's time over the peer's (below 1: midspan is faster), with 95 % intervals over segments."""
    found: dict[str, Any] = {}
    chance = random.Random(1)
    segments = sorted({one.segment for one in midspan.asked})
    for name, share in (("p50", 0.5), ("p95", 0.95)):
        ours, theirs = _quantile(midspan, share), _quantile(peer, share)
        found[name] = rounded(ours / theirs, 3) if ours and theirs else None
        drawn = [chance.choices(segments, k=len(segments)) for _ in range(_N_RESAMPLES)]
        pairs = [(_quantile(midspan, share, one), _quantile(peer, share, one)) for one in drawn]
        ratios = [ours / theirs for ours, theirs in pairs if ours and theirs]
        bounds = [stats.quantile(ratios, tail) for tail in (0.025, 0.975)]
        found[f"{name}_ci95"] = [rounded(bound, 3) for bound in bounds] if found[name] else None
    return found


def _quantile(system: System, share: float, segments: Sequence[int] | None = None) -> float | None:
    """Return a quantile of the times, over all segments or over those drawn (one may be drawn twice)."""
    keys = [one for one in system.asked if one.is_look]
    if segments is not None:
        keys = [one for segment in segments for one in keys if one.segment == segment]
    return stats.km_quantile([one.milliseconds for one in keys], [one.has_text for one in keys], share)


def felt(keys: Sequence[Key]) -> dict[str, Any]:
    """Return what a user meets at every key, also where no model had to be asked."""
    seen = [key for key in keys if key.is_look and key.latency is not None]
    times, is_shown = [1000 * (key.latency or 0.0) for key in seen], [key.is_shown for key in seen]
    shown = [key for key in keys if key.is_shown]
    return {
        "p50_ms": rounded(stats.km_quantile(times, is_shown, 0.5)),
        "p95_ms": rounded(stats.km_quantile(times, is_shown, 0.95)),
        "answered": rounded(len(shown) / max(1, len(keys)), 4),
        "reused_share": rounded(sum(not key.requests for key in shown) / max(1, len(shown)), 4),
    }


def rounded(value: float | None, digits: int = 1) -> float | None:
    """Return a figure with few digits, None for none."""
    return None if value is None else round(value, digits)
