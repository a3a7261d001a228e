"""The peers themselves: real llama.cpp, real `generate`, our weights in llama.cpp's format."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from engines import checkpoint
from llama_cpp import llama_cpp_server

from midspan.evaluation.errors import PeerMissing
from midspan.evaluation.peers import build, make
from midspan.evaluation.peers.base import PeerAsk
from midspan.evaluation.peers.llama_cpp import LlamaCpp
from midspan.evaluation.peers.transformers_generate import TransformersGenerate
from midspan.host.models.store import resolve


def test_what_is_not_built_is_said_and_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MIDSPAN_CACHE", str(tmp_path))
    with pytest.raises(PeerMissing, match="make peers"):
        make.open_peer("llama.cpp", "default", lambda text: None)
    with pytest.raises(PeerMissing, match=r"there are: llama\.cpp, llama\.cpp-q4, transformers"):
        make.open_peer("vim", "default", lambda text: None)


def test_without_a_compiler_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MIDSPAN_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PeerMissing, match="cmake is not on this machine"):
        build.build(lambda text: None)
    assert not list(tmp_path.iterdir())


async def test_a_program_that_ends_at_once_is_a_missing_peer() -> None:
    peer = LlamaCpp("llama.cpp", Path("/bin/false"), {"line": Path("/absent.gguf")}, 1, "")
    with pytest.raises(PeerMissing, match="ended with 1"):
        await peer.start()
    await peer.stop()


@pytest.mark.default_model
async def test_llama_cpp_answers_reuses_and_stops_at_the_newline() -> None:
    pytest.importorskip("xllamacpp", reason="the wheel of llama.cpp's server is there for Linux x86_64 only")
    gguf = resolve("default").gguf
    assert gguf is not None
    with llama_cpp_server(gguf) as address:
        peer = LlamaCpp("llama.cpp", Path(sys.executable), {}, 1, "")
        port = int(address.split(":")[2].split("/")[0])
        peer._processes["line"] = Any, port  # type: ignore[assignment]
        ids = tuple(range(500, 560))
        first = await peer.answer(PeerAsk(ids, "line", 8, frozenset({0, 2})))
        again = await peer.answer(PeerAsk((*ids, 700), "line", 8, frozenset({0, 2})))
        assert first.n_prompt_computed == len(ids)
        assert again.n_prompt_computed < 10
        assert 0 < again.n_written <= 8
        assert "\n" not in again.text.strip("\n") or again.n_written <= 8

        work = asyncio.create_task(peer.answer(PeerAsk(tuple(range(600, 1600)), "line", 64, frozenset({0}))))
        await asyncio.sleep(0.05)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        after = await asyncio.wait_for(peer.answer(PeerAsk(ids, "line", 2, frozenset({0}))), 60)
        assert after.n_written <= 2


async def test_generate_answers_and_is_called_off() -> None:
    peer = TransformersGenerate(str(checkpoint("llama")), 1)
    try:
        await peer.start()
        answer = await peer.answer(PeerAsk((5, 6, 7), "block", 6, frozenset({0})))
        assert (answer.n_prompt_computed, 0 < answer.n_written <= 6) == (3, True)
        work = asyncio.create_task(peer.answer(PeerAsk((5, 6, 7), "block", 480, frozenset({100_000}))))
        await asyncio.sleep(0.2)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        assert (await peer.answer(PeerAsk((5, 6, 7), "block", 6, frozenset({0})))).text == answer.text
    finally:
        await peer.stop()
    assert not psutil.pid_exists(peer.pids()[0])


@pytest.mark.default_model
def test_our_weights_in_llama_cpps_format_are_the_files_own() -> None:
    """The base weights come from that very file: names, shapes and the order of rows have to be its own."""
    import gguf
    import numpy as np

    from midspan.evaluation.peers.weights import _values
    from midspan.host.models.load import load

    loaded = load(resolve("default"), "cpu", "bfloat16", lambda detail: None)
    weights = dict(loaded.module.named_parameters())
    adapted = dict(loaded.line_module.named_parameters())
    reader = gguf.GGUFReader(loaded.files.gguf)
    for tensor in reader.tensors:
        if tensor.name in (
            "blk.0.attn_q.weight",
            "blk.3.attn_k.weight",
            "blk.7.ffn_down.weight",
            "blk.2.ffn_norm.weight",
        ):
            theirs = gguf.quants.dequantize(tensor.data, tensor.tensor_type).reshape(
                tuple(reversed(tensor.shape.tolist()))
            )
            ours = _values(tensor.name, weights, loaded.module.config)
            assert ours.shape == theirs.shape
            assert np.abs(ours - theirs).max() <= 0.01 * np.abs(theirs).max()
            merged = _values(tensor.name, adapted, loaded.module.config)
            assert ("norm" in tensor.name) == bool((merged == ours).all())
