"""`midspan eval` on tasks whose right answers a scripted model knows: figures, resuming, comparing, failing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scripted_model import ScriptedModel

from midspan.completion.ask import Ask, Delta, Likelihood
from midspan.completion.completer import Completer
from midspan.completion.errors import BackendUnreachable
from midspan.completion.settings import Settings
from midspan.evaluation import evaluate as module
from midspan.evaluation.answers import Pipeline, Raw
from midspan.evaluation.errors import EvaluationError
from midspan.evaluation.evaluate import Options, evaluate
from midspan.evaluation.tasks import Task

ANSWERS = {"double": "value * 2", "half": "value / 2", "square": "value ** 2", "same": "value"}
EPSILON = 2.0


def row(name: str, language: str = "python", **more: object) -> dict[str, object]:
    return {
        "id": name,
        "language": language,
        "group": name[0],
        "prefix": f"def {name}(value):\n    return ",
        "suffix": "\n",
        "answer": ANSWERS[name],
        "tests": f"\nassert {name}(4) == {eval(ANSWERS[name], {'value': 4})}\n",
        **more,
    }


class Knowing(ScriptedModel):
    """Knows the answers of some tasks; finds each character of a true answer to cost two bits."""

    def __init__(self, *known: str, fails_at: int = 0) -> None:
        super().__init__("")
        self.known, self.fails_at = known, fails_at

    async def stream(self, ask: Ask) -> AsyncGenerator[Delta, None]:
        self.asks.append(ask)
        if len(self.asks) == self.fails_at:
            raise BackendUnreachable("The model server is gone.")
        name = next(name for name in ANSWERS if f"def {name}(" in ask.hole.prefix)
        yield Delta(ANSWERS[name] if name in self.known else "None", logprob=-1.0, n_tokens=2, finish="stop")

    async def likelihood(self, ask: Ask, answer: str) -> Likelihood | None:
        return Likelihood(-EPSILON * 0.6931471805599453 * len(answer), len(answer))


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    path = tmp_path / "small.jsonl"
    path.write_text("".join(json.dumps(row(name)) + "\n" for name in ANSWERS) + "{broken\n")
    return path


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that puts a model in place of the one that settings name."""

    def put(model: Any) -> Any:
        async def opened(settings: Settings, say: Any) -> Completer:
            return Completer(settings, model(settings) if callable(model) else model)

        monkeypatch.setattr(module, "open_subject", opened)
        return model

    return put


def options(tasks: Path, **more: Any) -> Options:
    return Options(files=(tasks,), records=tasks.with_name("records.jsonl"), **more)


async def result(chosen: Options) -> dict[str, Any]:
    said: list[str] = []
    evaluation = await evaluate(chosen, said.append, lambda what, done, total: None)
    return {**evaluation.result, "said": said}


@pytest.mark.parametrize("way", ["pipeline", "raw"])
async def test_figures_are_what_they_should_be(way: str, tasks: Path, use: Any) -> None:
    use(Knowing("double", "half", "square"))
    found = await result(options(tasks, way=way))
    small = found["sets"]["small"]
    assert (small["n"], small["exact"], small["pass_at_1"]) == (4, 0.75, 0.75)
    assert small["bits_per_char"] == pytest.approx(EPSILON, abs=1e-4)
    assert small["outcomes"] == {"failed": 1, "passed": 3}
    assert (small["skipped"], small["errors"], small["silent"], small["run"]) == (1, 0, 0, 4)
    assert small["baselines"]["empty"] == {"exact": 0.0, "edit_similarity": 0.0, "pass_at_1": 0.0}
    low, high = small["ci95"]["exact"]
    assert low <= 0.75 <= high
    assert found["problems"] == ["small.jsonl:5: not JSON"]
    assert found["settings"]["host.chunk_tokens"] == 256


async def test_baselines_alone_ask_no_model(tasks: Path, use: Any) -> None:
    model = use(Knowing())
    found = await result(options(tasks, way="baseline"))
    assert found["sets"]["small"]["bits_per_char"] is None
    assert found["sets"]["small"]["pass_at_1"] is None
    assert found["sets"]["small"]["baselines"]["copy"]["pass_at_1"] is not None
    assert model.asks == []


async def test_an_interrupted_run_ends_as_one_that_was_not(tasks: Path, use: Any) -> None:
    use(Knowing("double"))
    whole = await result(options(tasks, with_runs=False))

    class Interrupting(Knowing):
        async def stream(self, ask: Ask) -> AsyncGenerator[Delta, None]:
            if len(self.asks) == 2:
                raise asyncio.CancelledError
            async for delta in super().stream(ask):
                yield delta

    use(Interrupting("double"))
    with pytest.raises(asyncio.CancelledError):
        await result(options(tasks, with_runs=False))
    model = use(Knowing("double"))
    resumed = await result(options(tasks, with_runs=False))
    assert len(model.asks) == 2
    assert any("Going on with" in text for text in resumed["said"])
    for one in (whole, resumed):
        del one["seconds"], one["machine"], one["said"]
    assert resumed == whole


async def test_another_model_or_setting_does_not_go_on_with_foreign_records(tasks: Path, use: Any) -> None:
    path = tasks.with_name("records.jsonl")
    path.write_text(json.dumps({"midspan_eval": 1, "fingerprint": "other"}) + "\n" + json.dumps({"id": "x"}) + "\n")
    use(Knowing("double"))
    found = await result(options(tasks))
    assert found["sets"]["small"]["n"] == 4
    assert any("held another run" in text for text in found["said"])


async def test_one_failure_is_counted_and_many_end_the_run(tasks: Path, use: Any) -> None:
    use(Knowing(*ANSWERS, fails_at=2))
    small = (await result(options(tasks)))["sets"]["small"]
    assert (small["errors"], small["exact"], small["silent"]) == (1, 0.75, 0)

    class Dead(Knowing):
        async def stream(self, ask: Ask) -> AsyncGenerator[Delta, None]:
            raise BackendUnreachable("The model server is gone.")
            yield Delta("")

    many = tasks.with_name("many.jsonl")
    many.write_text("".join(json.dumps(row("double", id=str(i))) + "\n" for i in range(9)))
    use(Dead())
    with pytest.raises(EvaluationError, match=r"is gone\. The records so far are in"):
        await result(options(many))


async def test_a_worse_setting_is_seen_as_worse(tasks: Path, use: Any) -> None:
    use(Knowing(*ANSWERS))
    found = await result(options(tasks, other={"completion.max_lines": 0}, other_name="completion.max_lines=0"))
    difference = found["vs"]["all"]["exact"]
    assert (difference["a"], difference["b"], difference["n"]) == (0.0, 1.0, 4)
    assert found["vs"]["name"] == "completion.max_lines=0"
    earlier = tasks.with_name("earlier.json")
    earlier.write_text(json.dumps({"records": "records.vs.jsonl"}))
    again = await result(options(tasks, other=earlier, other_name="earlier.json"))
    assert again["vs"]["all"]["exact"]["difference"] == 1.0


async def test_sets_of_the_same_name_are_refused(tasks: Path, use: Any) -> None:
    use(Knowing())
    (tasks.parent / "b").mkdir()
    other = tasks.parent / "b" / tasks.name
    other.write_bytes(tasks.read_bytes())
    with pytest.raises(EvaluationError, match="Two task files are called small"):
        await result(replace(options(tasks), files=(tasks, other)))


async def test_an_edit_that_takes_text_after_the_cursor_too() -> None:
    """The editor closed the bracket; the model's text brings its own."""
    model = ScriptedModel("value), 2)")
    task = Task("a", "python", "x = f(g(", ")\n", "value), 2", tests="")
    answered = await Pipeline(Completer(Settings(), model), with_bits=False).answer(task)
    assert answered.filled == "x = f(g(value), 2)\n"
    assert answered.completion == "value), 2"


async def test_raw_text_of_a_line_ends_with_its_line() -> None:
    model = ScriptedModel("\n    value\nmore\n")
    task = Task("a", "python", "x =", "\n", " 1")
    answered = await Raw(Completer(Settings(), model), with_bits=False).answer(task)
    assert answered.completion == "\n    value"


async def test_snippets_of_tasks_are_shown_only_on_demand() -> None:
    task = replace(Task("a", "python", "x =", "\n", " 1"), context=())
    for with_snippets in (False, True):
        model = ScriptedModel(" 1")
        from midspan.context.snippet import Snippet

        brought = replace(task, context=(Snippet("b.py", "y = 2"),))
        await Pipeline(Completer(Settings(), model), with_bits=False, with_snippets=with_snippets).answer(brought)
        assert model.asks[0].hole.snippets == (brought.context if with_snippets else ())
