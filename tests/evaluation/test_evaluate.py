"""`midspan eval` on tasks whose right answers a scripted model knows: figures, resuming, comparing, failing."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from model_folder import write_checkpoint
from scripted_model import ScriptedModel

from midspan.completion.ask import Ask, Delta, Likelihood
from midspan.completion.completer import Completer
from midspan.completion.errors import BackendFailed, BackendUnreachable
from midspan.completion.settings import CompletionSettings, Settings
from midspan.context.snippet import Snippet
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
    assert found["settings"]["host.chunk_tokens"] == 32


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


def test_ctrl_c_ends_a_run_that_waits_for_nothing(tasks: Path) -> None:
    def interrupt(what: str, done: int, total: int) -> None:
        if done == 2:
            signal.raise_signal(signal.SIGINT)

    chosen = options(tasks, way="baseline", with_runs=False)
    said: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(evaluate(chosen, said.append, interrupt))
    resumed = asyncio.run(evaluate(chosen, said.append, lambda what, done, total: None))
    assert said == [f"Going on with {chosen.records}: 2 of 4 tasks are done."]
    assert [record["id"] for record in resumed.records] == list(ANSWERS)


async def test_an_interruption_at_the_other_settings_keeps_what_is_done(tasks: Path, use: Any) -> None:
    class Interrupting(Knowing):
        async def stream(self, ask: Ask) -> AsyncGenerator[Delta, None]:
            if len(self.asks) == 6:
                raise asyncio.CancelledError
            async for delta in super().stream(ask):
                yield delta

    chosen = options(tasks, with_runs=False, other={"completion.max_line_tokens": 9}, other_name="shorter")
    use(Interrupting("double"))
    with pytest.raises(asyncio.CancelledError):
        await result(chosen)
    model = use(Knowing("double"))
    found = await result(chosen)
    assert [ask.max_tokens for ask in model.asks] == [9, 9]
    assert found["vs"]["all"]["exact"]["n"] == 4
    model = use(Knowing("double"))
    again = await result(chosen)
    assert any("was finished: this one begins anew" in text for text in again["said"])
    assert len(model.asks) == 8


async def test_other_weights_in_the_same_place_are_another_model(tasks: Path, tmp_path: Path, use: Any) -> None:
    folder = write_checkpoint(tmp_path / "model")
    chosen = options(tasks, with_runs=False, overrides={"host.model": str(folder)})

    async def begin() -> None:
        class Interrupting(Knowing):
            async def stream(self, ask: Ask) -> AsyncGenerator[Delta, None]:
                if len(self.asks) == 2:
                    raise asyncio.CancelledError
                async for delta in super().stream(ask):
                    yield delta

        use(Interrupting())
        with pytest.raises(asyncio.CancelledError):
            await result(chosen)

    await begin()
    (folder / "tokenizer.json").write_bytes((folder / "tokenizer.json").read_bytes() + b" ")
    model = use(Knowing())
    found = await result(chosen)
    assert len(model.asks) == 4
    assert any("held another run" in text for text in found["said"])


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
    with pytest.raises(EvaluationError, match=r"is gone\. 5 tasks in a row failed"):
        await result(options(many))
    use(Knowing("double"))
    mended = (await result(options(many)))["sets"]["many"]
    assert (mended["n"], mended["errors"], mended["exact"]) == (9, 0, 1.0)


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


async def test_a_run_of_other_tasks_is_refused_before_the_work(tasks: Path, use: Any) -> None:
    use(Knowing())
    await result(options(tasks, with_runs=False))
    other = tasks.with_name("other.jsonl")
    other.write_bytes(tasks.read_bytes())
    model = use(Knowing())
    with pytest.raises(EvaluationError, match="has no task in common with this run"):
        await result(Options(files=(other,), records=tasks.with_name("r"), other=tasks.with_name("records.jsonl")))
    assert model.asks == []


async def test_texts_to_choose_from_are_one_unless_it_is_said(tasks: Path, use: Any) -> None:
    model = use(Knowing())
    found = await result(options(tasks, with_runs=False))
    assert (found["candidates"], found["settings"]["completion.candidates"], len(model.asks)) == (1, 1, 4)
    model = use(Knowing())
    other = {"completion.candidates": 2}
    await result(options(tasks, with_runs=False, other=other, other_name="two"))
    assert sorted(ask.sample for ask in model.asks) == [0] * 8 + [1] * 4


async def test_bits_are_told_only_of_what_was_asked_and_answered() -> None:
    class Refusing(Knowing):
        async def likelihood(self, ask: Ask, answer: str) -> Likelihood | None:
            raise BackendFailed("The server does not echo.")

    task = Task("a", "python", "def double(value):\n    return ", "\n", "value * 2")
    refused = await Pipeline(Completer(Settings(), Refusing("double"))).answer(task)
    assert (refused.completion, refused.bits) == ("value * 2", None)
    silent = Settings(completion=CompletionSettings(max_lines=0))
    answered = await Pipeline(Completer(silent, Knowing("double"))).answer(task)
    assert (answered.completion, answered.bits) == ("", None)


async def test_texts_that_utf_8_cannot_hold_reach_the_model_without_harm() -> None:
    given: list[str] = []

    class Listening(ScriptedModel):
        async def likelihood(self, ask: Ask, answer: str) -> Likelihood | None:
            given.append(answer)
            return Likelihood(-1.0, 1)

    broken = "\ud800"
    snippet = Snippet(broken, broken)
    task = Task("a", broken, f"x = '{broken}", "'\n", f"{broken}!", path=broken, context=(snippet,))
    model = Listening("!")
    answered = await Pipeline(Completer(Settings(), model), with_snippets=True).answer(task)
    assert answered.filled == f"x = '{broken}!'\n"
    hole = model.asks[0].hole
    for text in (hole.prefix, hole.language, hole.path, hole.snippets[0].path, hole.snippets[0].text, *given):
        assert "\ufffd" in text
        text.encode()


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
        brought = replace(task, context=(Snippet("b.py", "y = 2"),))
        await Pipeline(Completer(Settings(), model), with_bits=False, with_snippets=with_snippets).answer(brought)
        assert model.asks[0].hole.snippets == (brought.context if with_snippets else ())
