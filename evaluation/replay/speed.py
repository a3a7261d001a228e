"""How fast a model works on this machine: measured once, then the same in every replay.

A replay that used each answer's own measured time would never give the same figures twice. So a few fixed asks are
timed, and kept; from then on the time of an answer is computed from the work that it took.
"""

from __future__ import annotations

import hashlib
import json
import statistics
import time
from contextlib import aclosing
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import platformdirs

from ...completion.ask import Ask, Deadline, Kind
from ...completion.backends.base import Backend
from ...completion.fim import Hole
from ...completion.settings import Settings
from .. import machine
from ..results import write
from ..subject import flat

_N_ASKS, _N_WARM_UP = 3, 20
_N_TOKENS = 24
_PATIENCE_MS = 600_000
_LINES = "".join(
    f"def step_{i}(value, other):\n    total = value * {i} + other\n    return total\n\n\n" for i in range(40)
)


@dataclass(frozen=True, slots=True)
class Speed:
    """Milliseconds: of everything but the model, of each further token of a prompt, and of each step of the model."""

    overhead_ms: float
    prefill_ms_per_token: float
    decode_ms_per_token: float

    def prompt_ms(self, n_tokens: int) -> float:
        """Return how long it takes to read so many tokens of a prompt: one step, and what each more costs."""
        return self.decode_ms_per_token + self.prefill_ms_per_token * max(0, n_tokens - 1)


NO_TIME = Speed(0.0, 0.0, 0.0)


def speed_file() -> Path:
    """Return the file that measured speeds are kept in."""
    return platformdirs.user_state_path("midspan", appauthor=False) / "speed.json"


async def speed_of(backend: Backend, settings: Settings, *, measure_again: bool = False) -> Speed:
    """Return the speed of the model that ``settings`` name: the kept one, or else measured now and kept.

    Raises MidspanError where the model server fails.
    """
    path = speed_file()
    kept = _kept(path)
    key = _key(backend, settings)
    if key in kept and not measure_again:
        return kept[key]
    speed = await _measured(backend)
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, json.dumps({name: asdict(one) for name, one in {**kept, key: speed}.items()}, indent=1) + "\n")
    return speed


async def _measured(backend: Backend) -> Speed:
    """Time fixed asks: each prompt twice, so that the second time it is known already."""
    for _ in range(_N_WARM_UP):  # our host checks a new model between the first requests
        await _timed(backend, replace(_ask(0), max_tokens=1))
    first, again, steps, n_new = [], [], [], []
    for i in range(_N_ASKS):
        ask = _ask(i + 1)
        cold, warm = await _timed(backend, ask), await _timed(backend, ask)
        first.append(cold.prompt_ms)
        again.append(warm.prompt_ms)
        steps += [cold.step_ms, warm.step_ms]
        n_new.append(cold.n_new - warm.n_new)
    step = statistics.median(steps)
    # Where a server does not tell how many tokens were new, none are counted, and none cost anything.
    prefill = statistics.median((a - b) / n if n > 0 else 0.0 for a, b, n in zip(first, again, n_new, strict=True))
    overhead = statistics.median(again) - step
    return Speed(*(round(max(0.0, value), 3) for value in (overhead, prefill, step)))


def _ask(number: int) -> Ask:
    """Return one of the fixed asks, in a session that nobody has used yet."""
    hole = Hole(f"# {number}\n{_LINES}def last(", "\n")
    session = f"speed-{number}-{time.time_ns() if number else 0}"
    return Ask(hole, Kind.BLOCK, _N_TOKENS, Deadline.after(_PATIENCE_MS), session)


@dataclass(frozen=True, slots=True)
class _Timed:
    prompt_ms: float
    step_ms: float
    n_new: int


async def _timed(backend: Backend, ask: Ask) -> _Timed:
    began = time.perf_counter()
    prompt_at, last_at, n_tokens, n_new = 0.0, began, 0, 0
    async with aclosing(backend.stream(ask)) as deltas:
        async for delta in deltas:
            now = time.perf_counter()
            if not prompt_at:
                prompt_at = now
                n_new = delta.usage.prompt_tokens - delta.usage.reused_tokens if delta.usage else 0
            if delta.n_tokens:
                last_at, n_tokens = now, n_tokens + delta.n_tokens
    return _Timed((prompt_at - began) * 1000, (last_at - prompt_at) * 1000 / max(1, n_tokens), n_new)


def _kept(path: Path) -> dict[str, Speed]:
    try:
        return {key: Speed(**values) for key, values in json.loads(path.read_text("utf-8")).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _key(backend: Backend, settings: Settings) -> str:
    """Name a model, how it runs and where; how proposals are shaped has no part in it."""
    how = {key: value for key, value in flat(settings).items() if key.startswith(("backend.", "host."))}
    found = machine.describe()
    parts = {**how, "model": backend.model, **{name: found[name] for name in ("cpu", "cores", "versions")}}
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]
