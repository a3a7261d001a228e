"""Guessed tokens: what is guessed, that it saves steps, and that it changes nothing."""

from __future__ import annotations

import pytest
from engines import Answer, ask, check_same_but_for_ties, engine, new_engine
from hypothesis import given, settings
from hypothesis import strategies as st

from midspan.completion.fim import Hole
from midspan.host.engine.drafts import Drafts
from midspan.host.engine.engine import Engine
from midspan.host.engine.request import GenerateRequest, Kind

TEXT = "def area(radius):\n    return math.pi * radius ** 2\n\ndef area(radius):\n    return math"


@pytest.mark.parametrize(
    ("prompt", "earlier", "most", "guess"),
    [
        ([1, 2, 3, 4, 9, 1, 2], [], 7, [3, 4]),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5], [], 7, [6, 7, 8, 9, 1]),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5], [], 3, [6, 7, 8]),
        ([1, 2, 3, 4, 1, 2], [9, 1, 2, 6, 7, 8, 5, 4], 7, [6, 7, 8, 5]),  # an earlier answer is likelier
        ([1, 2, 3, 8, 1], [], 7, []),  # one token says too little
        ([1, 2, 3, 1, 2, 4, 1, 2], [], 7, [4, 1]),  # the last time, not the first
        ([5, 1, 2], [7, 1, 2, 8], 7, [8]),  # an earlier answer
        ([1, 2, 3], [], 7, []),
        ([1], [], 7, []),
        ([], [], 7, []),
        ([3, 3, 3, 3], [], 7, [3]),
        ([256, 1, 2, 3, 256, 1], [], 7, [2, 3]),
        ([0x01000000, 0x02000001, 5, 0x01000000], [], 0, []),
    ],
)
def test_guesses(prompt: list[int], earlier: list[int], most: int, guess: list[int]) -> None:
    assert Drafts(prompt, earlier).next(most) == guess


@given(st.lists(st.integers(0, 3), max_size=40), st.integers(0, 8))
def test_what_is_guessed_followed_the_same_token_before(ids: list[int], most: int) -> None:
    guess = Drafts(ids).next(most)
    assert len(guess) <= most
    if guess:
        whole = ",".join(map(str, ids)) + ","
        assert f",{ids[-1]},{','.join(map(str, guess))}," in "," + whole


def without_guesses(of: Engine, request: GenerateRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[Answer, int]:
    with monkeypatch.context() as patch:
        patch.setattr(Drafts, "next", lambda self, most: [])
        answer, cost = ask(of, request)
    return answer, cost.steps


@pytest.mark.parametrize("family", ["llama", "qwen2", "starcoder2", "gpt_bigcode", "lfm2"])
def test_guesses_save_steps_and_change_no_token(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    of = new_engine(family)
    saved = 0
    for end in range(40, len(TEXT), 7):
        # Random models repeat themselves soon: what they have written is guessed from.
        request = GenerateRequest(Hole(TEXT[:end], ""), max_tokens=40)
        expected, n_steps = without_guesses(of, request, monkeypatch)
        answer, cost = ask(of, request)
        check_same_but_for_ties(answer, expected)
        saved += n_steps - cost.steps
    assert saved > 20 or family == "lfm2"  # whose state could not be taken back
    assert saved == 0 or family != "lfm2"


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_edits_in_several_files_change_no_token(data: st.DataObject) -> None:
    """Typing, deleting, jumping and switching files: with all that sessions keep, each answer is a fresh one's."""
    of = engine("qwen2")
    texts = {"a.py": TEXT, "b.py": TEXT[::-1]}
    cursors = {"a.py": len(TEXT), "b.py": 20}
    file = "a.py"
    for step in range(8):
        action = data.draw(st.sampled_from(["type", "delete", "jump", "switch"]))
        text, at = texts[file], cursors[file]
        if action == "type":
            new = data.draw(st.text("aei (=:\n", min_size=1, max_size=4))
            texts[file], cursors[file] = text[:at] + new + text[at:], at + len(new)
        elif action == "delete":
            n = data.draw(st.integers(1, 6))
            texts[file], cursors[file] = text[: max(0, at - n)] + text[at:], max(0, at - n)
        elif action == "jump":
            cursors[file] = data.draw(st.integers(0, len(text)))
        else:
            file = "b.py" if file == "a.py" else "a.py"
        at = cursors[file]
        hole = Hole(texts[file][:at], texts[file][at:])
        kind: Kind = data.draw(st.sampled_from(["line", "block"]))
        warm, _ = ask(of, GenerateRequest(hole, kind, 6, session=f"edited {file}"))
        fresh, _ = ask(of, GenerateRequest(hole, kind, 6, session=f"fresh {step} {data.draw(st.integers(0, 10**9))}"))
        check_same_but_for_ties(warm, fresh)
