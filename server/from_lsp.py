"""JSON of the wire → our own values.

The only place that knows what editors send, which is not always what the protocol says: each reader takes
what it needs, tolerates what else is there, and raises InvalidParams only for what nothing can be done without.
Knows no state but what it is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pygls.exceptions import JsonRpcInvalidParams

from ..completion.ask import Did, Request, SelectedItem, Trigger
from ..context.document import Change, Document, Position

InvalidParams = JsonRpcInvalidParams
Json = Mapping[str, object]

NOWHERE = Position(0, 0)
_WIDEST_INDENT = 16


@dataclass(frozen=True, slots=True)
class OpenedDocument:
    """A document as `textDocument/didOpen` brings it."""

    uri: str
    language_id: str
    version: int
    text: str


@dataclass(frozen=True, slots=True)
class Edited:
    """The changes of one `textDocument/didChange`; ``version`` is None where the editor sends none."""

    uri: str
    changes: tuple[Change, ...]
    version: int | None


@dataclass(frozen=True, slots=True)
class Selected:
    """The highlighted entry of the completion popup, still in positions."""

    start: Position
    end: Position
    text: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What `textDocument/inlineCompletion` asks for. ``version`` is None where the editor does not say.

    ``n`` is how many proposals there should be to choose from, None for as many as the settings say. ``indent_unit`` is
    what the editor indents by, empty where it does not say.
    """

    uri: str
    version: int | None
    position: Position
    trigger_kind: int | None = None
    selected: Selected | None = None
    n: int | None = None
    indent_unit: str = ""


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """What the editor can do, and who it is."""

    process_id: int | None = None
    folders: tuple[str, ...] = ()
    configuration: bool = False
    progress: bool = False
    dynamic_configuration: bool = False
    watches_files: bool = False
    is_copilots: bool = False
    """Whether it is a client of Copilot's, which wants to be told how things are."""


def object_at(value: object, *keys: str) -> Json:
    """Return the object found by following ``keys``, an empty one where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def text_at(value: object, key: str) -> str:
    """Return the string under ``key``. Raises InvalidParams."""
    found = value.get(key) if isinstance(value, Mapping) else None
    if not isinstance(found, str):
        raise InvalidParams(f"`{key}` is missing or is not a string")
    return found


def document_uri(params: object) -> str:
    """Return the URI of the document that a message is about. Raises InvalidParams."""
    return text_at(object_at(params, "textDocument"), "uri")


def opened_document(params: object) -> OpenedDocument:
    """Read `textDocument/didOpen`. Raises InvalidParams."""
    document = object_at(params, "textDocument")
    language_id = document.get("languageId")
    return OpenedDocument(
        uri=text_at(document, "uri"),
        language_id=language_id if isinstance(language_id, str) else "plaintext",
        version=_integer(document.get("version")) or 0,
        text=text_at(document, "text"),
    )


def edited(params: object) -> Edited:
    """Read `textDocument/didChange`; a change without a range is the whole new text. Raises InvalidParams."""
    changes = params.get("contentChanges") if isinstance(params, Mapping) else None
    if not isinstance(changes, list):
        raise InvalidParams("`contentChanges` is missing or is not a list")
    version = _integer(object_at(params, "textDocument").get("version"))
    return Edited(document_uri(params), tuple(_change(change) for change in changes), version)


def wish(params: object) -> Wish:
    """Read `textDocument/inlineCompletion`. Raises InvalidParams."""
    context = object_at(params, "context")
    version = _integer(object_at(params, "textDocument").get("version"))
    position = _position(object_at(params).get("position"))
    if position is None:
        raise InvalidParams("`position` is missing or is not a position")
    return Wish(
        uri=document_uri(params),
        version=version if version != 0 else None,
        position=position,
        trigger_kind=_integer(context.get("triggerKind")),
        selected=_selected(context.get("selectedCompletionInfo")),
        indent_unit=_indent_unit(object_at(params, "formattingOptions")),
    )


def legacy_wish(params: object) -> Wish:
    """Read the parameters of Copilot's older methods, which have a document of their own. Raises InvalidParams."""
    document = {**object_at(params, "textDocument"), **object_at(params, "doc")}
    position = _position(document.get("position") or object_at(params).get("position"))
    if position is None:
        raise InvalidParams("`position` is missing or is not a position")
    version = _integer(document.get("version"))
    uri, version = text_at(document, "uri"), version if version != 0 else None
    return Wish(uri, version, position, indent_unit=_indent_unit(document))


def request(wish: Wish, document: Document, trigger: Trigger, did: Did = Did.UNKNOWN) -> Request:
    """Return the request for a snapshot. A cursor outside the text is moved to the nearest place in it."""
    selected = None
    if wish.selected is not None:
        start, end = document.offset_at(wish.selected.start), document.offset_at(wish.selected.end)
        selected = SelectedItem(min(start, end), max(start, end), wish.selected.text)
    offset = document.offset_at(wish.position)
    return Request(document, offset, trigger, selected, did=did, indent_unit=wish.indent_unit)


def client_facts(params: object) -> ClientFacts:
    """Read `initialize`; folders may lack a name, and older clients send one root instead of folders."""
    capabilities = object_at(params, "capabilities")
    workspace = object_at(capabilities, "workspace")
    fields = object_at(params)
    folders = folder_uris(fields.get("workspaceFolders"))
    root = fields.get("rootUri")
    if not folders and isinstance(root, str):
        folders = (root,)
    return ClientFacts(
        process_id=_integer(fields.get("processId")),
        folders=folders,
        configuration=workspace.get("configuration") is True,
        progress=object_at(capabilities, "window").get("workDoneProgress") is True,
        watches_files=object_at(workspace, "didChangeWatchedFiles").get("dynamicRegistration") is True,
        dynamic_configuration=object_at(workspace, "didChangeConfiguration").get("dynamicRegistration") is True,
        is_copilots=bool(object_at(fields, "initializationOptions").get("editorPluginInfo")),
    )


def folder_uris(value: object) -> tuple[str, ...]:
    """Return the URIs of a list of workspace folders, leaving out what is none."""
    if not isinstance(value, list):
        return ()
    uris = (object_at(folder).get("uri") for folder in value)
    return tuple(uri for uri in uris if isinstance(uri, str))


def changed_files(params: object) -> list[str]:
    """Read `workspace/didChangeWatchedFiles`: the URIs, whatever became of each file."""
    changes = object_at(params).get("changes")
    uris = [object_at(change).get("uri") for change in changes] if isinstance(changes, list) else []
    return [uri for uri in uris if isinstance(uri, str)]


def command(params: object) -> tuple[str, object]:
    """Read `workspace/executeCommand`: the command's name, and its first argument, whatever that is."""
    arguments = object_at(params).get("arguments")
    return text_at(params, "command"), arguments[0] if isinstance(arguments, list) and arguments else None


def minutes(value: object) -> float:
    """Read a number of minutes, at most a day. Raises InvalidParams."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 24 * 60:
        raise InvalidParams("give the minutes, a number from 0 to 1440")
    return float(value)


def _change(value: object) -> Change:
    text = text_at(value, "text")
    where = object_at(value).get("range")
    if where is None:
        return Change(text)
    start, end = _position(object_at(where).get("start")), _position(object_at(where).get("end"))
    if start is None or end is None:
        raise InvalidParams("`range` is not a range")
    return Change(text, start, end)


def _position(value: object) -> Position | None:
    fields = object_at(value)
    line, character = _integer(fields.get("line")), _integer(fields.get("character"))
    if line is None or character is None:
        return None
    return Position(line, max(0, character)) if line >= 0 else NOWHERE


def _indent_unit(options: Json) -> str:
    """Read what Copilot's clients add to a request: `insertSpaces` and `tabSize`."""
    width = _integer(options.get("tabSize"))
    if options.get("insertSpaces") is False:
        return "\t"
    return " " * width if options.get("insertSpaces") is True and width and 1 <= width <= _WIDEST_INDENT else ""


def _selected(value: object) -> Selected | None:
    fields = object_at(value)
    text, where = fields.get("text"), object_at(fields, "range")
    start, end = _position(where.get("start")), _position(where.get("end"))
    if not isinstance(text, str) or start is None or end is None:
        return None
    return Selected(start, end, text)


def _integer(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value == value and abs(value) < 2**53 else None
