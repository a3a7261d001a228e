"""Every setting, typed, with its default and its one-line description: the schema.

The documentation (docs/configuration.md) and the editors' settings pages are generated from here.
"""

from __future__ import annotations

import typing
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from ..context.snippet import Budget
from ..context.window import WindowSizes


class CompletionSettings(msgspec.Struct, frozen=True, kw_only=True):
    """When and how proposals are made."""

    enabled: Annotated[bool, Meta(description="Whether proposals are made at all; false pauses midspan.")] = True
    automatic: Annotated[
        bool,
        Meta(description="Whether to propose while you type; false leaves only the key that asks for one."),
    ] = True
    eagerness: Annotated[
        Literal["low", "auto", "high"],
        Meta(
            description="How readily something is proposed while you type: `low` only to fill bodies and lines well "
            "begun, `high` also where a statement is finished already."
        ),
    ] = "auto"
    precision: Annotated[
        float,
        Meta(
            ge=0,
            le=0.8,
            description="Of what is proposed while you type, the share that should be exactly what you wanted; less "
            "sure texts are not shown (docs/models.md has the curve). 0 shows all.",
        ),
    ] = 0.0
    in_comments: Annotated[bool, Meta(description="Whether to propose in comments while you type.")] = True
    disabled_languages: Annotated[
        tuple[str, ...],
        Meta(description="Language ids (as the editor names them) in which nothing is proposed while you type."),
    ] = ()
    kind: Annotated[
        Literal["auto", "line", "block"],
        Meta(description="How far a proposal reaches: to the end of the line, over a block, or by syntax."),
    ] = "auto"
    deadline_ms: Annotated[
        int, Meta(ge=50, le=60_000, description="Milliseconds within which an automatic request is answered.")
    ] = 600
    invoked_deadline_ms: Annotated[
        int, Meta(ge=50, le=120_000, description="Milliseconds within which a request by key is answered.")
    ] = 5000
    max_line_tokens: Annotated[int, Meta(ge=1, le=512, description="Most tokens of a one-line proposal.")] = 48
    max_block_tokens: Annotated[int, Meta(ge=1, le=2048, description="Most tokens of a block.")] = 160
    max_lines: Annotated[
        int, Meta(ge=0, le=10_000, description="Most lines of a proposal; longer ones are cut, and 0 proposes nothing.")
    ] = 50
    candidates: Annotated[
        int, Meta(ge=1, le=10, description="How many texts a request by key chooses from, as far as a second allows.")
    ] = 3
    prefix_tokens: Annotated[
        int, Meta(ge=16, le=65_536, description="About how many tokens before the cursor the model is shown.")
    ] = 768
    suffix_tokens: Annotated[
        int, Meta(ge=0, le=65_536, description="About how many tokens after the cursor the model is shown.")
    ] = 256

    @property
    def window_sizes(self) -> WindowSizes:
        """How much around the cursor the model is shown."""
        return WindowSizes(self.prefix_tokens, self.suffix_tokens)


class ContextSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What of other files a model is shown beside the document."""

    sources: Annotated[
        tuple[str, ...],
        Meta(
            description="Where it comes from: `definitions` of names used at the cursor, `similar` lines elsewhere, "
            "the document's `sibling` (its test, its header), its `own` far parts, `pinned` files. An empty list "
            "shows the document alone."
        ),
    ] = ("definitions", "similar")
    max_tokens: Annotated[int, Meta(ge=0, le=32_768, description="About how many tokens of other files to show.")] = 768
    max_ms: Annotated[
        float, Meta(ge=0, le=1000, description="After so many milliseconds no further file is looked through.")
    ] = 10.0
    pinned: Annotated[
        tuple[str, ...],
        Meta(description="Files of the project (paths from its root) that the source `pinned` shows."),
    ] = ()
    exclude: Annotated[
        tuple[str, ...],
        Meta(
            description="Files that no model sees, as patterns of gitignore; beside those that ignore files name "
            "and those that may hold secrets."
        ),
    ] = ()
    index: Annotated[
        bool, Meta(description="Whether an index of the workspace is kept, in the cache folder, by a process beside.")
    ] = True

    @property
    def budget(self) -> Budget:
        """How much may be shown, and how long looking for it may take."""
        return Budget(self.max_tokens, self.max_ms)


class BackendSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Which model server answers. Only your own settings may set these, never a project's file."""

    kind: Annotated[
        Literal["host", "openai"],
        Meta(
            description="`host`: our own model host on this machine, started on demand. "
            "`openai`: any server with OpenAI's `/v1/completions` at `endpoint`."
        ),
    ] = "host"
    endpoint: Annotated[
        str,
        Meta(description="Base address of the server, with `/v1` (for example `http://127.0.0.1:11434/v1`)."),
    ] = ""
    model: Annotated[str, Meta(description="The model's name as that server knows it.")] = ""
    fim: Annotated[
        str,
        Meta(
            description="How that model wants a hole: `auto` (by its name), `suffix` (the server's own `suffix` "
            "parameter), `none` (text before the cursor only) or a format's name (docs/models.md)."
        ),
    ] = "auto"
    api_key_env: Annotated[
        str, Meta(description="Name of the environment variable that holds the server's key; in your own file only.")
    ] = "MIDSPAN_API_KEY"
    connect_timeout_ms: Annotated[int, Meta(ge=10, le=60_000, description="Milliseconds to wait for a connection.")] = (
        2000
    )


class HostSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The model host that runs on this machine. Only your own settings may set these, never a project's file."""

    socket: Annotated[
        str,
        Meta(
            description="A Unix socket (`….sock`) at which a host answers already, such as one that `ssh` forwards "
            "from another machine (docs/remote.md). None is started then; what else is said here is that host's matter."
        ),
    ] = ""
    model: Annotated[
        str,
        Meta(description="`default`, a name that `midspan models list` shows, or a directory or GGUF file."),
    ] = "default"
    device: Annotated[Literal["auto", "cpu", "cuda", "mps"], Meta(description="Where the model runs.")] = "auto"
    dtype: Annotated[
        Literal["auto", "int8", "int4", "float32", "bfloat16", "float16"],
        Meta(
            description="Precision of the model. `auto` takes what this machine is quick in: int8 weights on a CPU, "
            "bf16 elsewhere. `int8` and `int4` make a large model fit into less memory; `int4` is less exact. Any "
            "other is kept to throughout, and on a CPU is slower."
        ),
    ] = "auto"
    threads: Annotated[
        int, Meta(ge=0, le=1024, description="CPU threads of the host; 0 means one for each physical core.")
    ] = 0
    idle_minutes: Annotated[
        float,
        Meta(
            gt=0, le=100_000, description="Minutes without a request after which the host ends (read when it starts)."
        ),
    ] = 30.0
    memory_mb: Annotated[
        int,
        Meta(
            ge=16,
            description="Most memory, in MB, for the encoded tokens of all open documents (read when the host starts).",
        ),
    ] = 256
    fim: Annotated[
        str, Meta(description="How the model wants a hole: `auto` (its own way) or a format's name (docs/models.md).")
    ] = "auto"
    chunk_tokens: Annotated[
        int,
        Meta(
            ge=0,
            le=65_536,
            description="How many tokens of a prompt are read at a time; 0 measures what is fast enough. "
            "A fixed number makes measurements repeatable.",
        ),
    ] = 0


class OutcomeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What became of proposals: a record on this machine, without text. Only your own settings may set these."""

    keep: Annotated[bool, Meta(description="Whether it is kept (`midspan stats` shows it).")] = True
    days: Annotated[int, Meta(ge=1, le=3650, description="After so many days an entry is forgotten.")] = 90


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings, by section."""

    completion: CompletionSettings = CompletionSettings()
    context: ContextSettings = ContextSettings()
    backend: BackendSettings = BackendSettings()
    host: HostSettings = HostSettings()
    outcomes: OutcomeSettings = OutcomeSettings()


FILE_ONLY = frozenset({"backend.api_key_env"})
"""What not even the editor may set: its settings can come from the repository, and this would read out a variable."""

USER_ONLY_SECTIONS = frozenset({"backend", "host", "outcomes"})
"""What a project's `midspan.toml` may not set: it would run a program, send text elsewhere or keep a record."""


def allowed_values(annotated: object) -> str:
    """Return in words what one setting's type allows."""
    base, meta = typing.get_args(annotated)[:2]
    if typing.get_origin(base) is Literal:
        return " or ".join(f"`{value}`" for value in typing.get_args(base))
    names: dict[object, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
    bounds = [
        f"at least {meta.ge}" if meta.ge is not None else "",
        f"more than {meta.gt}" if meta.gt is not None else "",
        f"at most {meta.le}" if meta.le is not None else "",
    ]
    return ", ".join(filter(None, [names.get(base, "a list of texts"), *bounds]))
