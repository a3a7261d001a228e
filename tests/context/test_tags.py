"""What each language's files define for others, and what they take from others: the queries for an index."""

from __future__ import annotations

import pytest
from tag_samples import TAGGED
from tree_sitter import Node, QueryCursor

from midspan.context.document import Document
from midspan.context.language import Language, tags_query_of
from midspan.context.languages import all_languages

KINDS = {"function", "method", "class", "type", "constant", "variable", "field", "macro", "module"}
PARTS = {"name", "body", "import", "path", "imported", "alias"}

# Names of each kind; ␣ is a space within one.
DEFINITIONS = {
    "python": {
        "class": "Inner Shape",
        "constant": "LIMIT",
        "field": "kind sides",
        "function": "function guarded",
        "method": "__init__ area",
        "type": "Pair",
        "variable": "count",
    },
    "javascript": {
        "class": "Shape",
        "constant": "LIMIT path shared",
        "field": "#r sides",
        "function": "arrow fn gen load main",
        "method": "area",
        "variable": "count helper old total",
    },
    "typescript": {
        "class": "Areal Kind Shape",
        "constant": "Flat Round deep limit",
        "field": "name r",
        "function": "ambient f g",
        "method": "area x",
        "module": "Inner",
        "type": "Pair",
        "variable": "VERSION",
    },
    "tsx": {
        "class": "Props",
        "field": "n",
        "function": "View",
    },
    "go": {
        "class": "Areal Shape",
        "constant": "A B Limit",
        "field": "R S",
        "function": "New",
        "method": "Area",
        "type": "Alias ID",
        "variable": "count table total",
    },
    "rust": {
        "class": "Areal Kind Shape Unit",
        "constant": "Flat LIMIT Round SIDES",
        "field": "r",
        "function": "g main",
        "macro": "m",
        "method": "area twice",
        "module": "inner",
        "type": "Out Pair",
        "variable": "COUNT",
    },
    "java": {
        "class": "Areal Kind Note Point Shape",
        "constant": "FLAT ROUND SIDES",
        "field": "LIMIT r s x y",
        "method": "Shape area n value",
    },
    "c": {
        "class": "kind point",
        "constant": "FLAT ROUND",
        "field": "p q r x",
        "function": "area label main make",
        "macro": "GUARD LIMIT TWICE",
        "type": "callback shape",
        "variable": "count name other",
    },
    "cpp": {
        "class": "Box Kind Shape",
        "constant": "Round",
        "field": "r_ value",
        "function": "both declared",
        "method": "Shape area twice ~Shape",
        "module": "shapes",
        "type": "Pair",
        "variable": "limit",
    },
    "csharp": {
        "class": "IAreal Kind Pair Point Shape",
        "constant": "Flat Round",
        "field": "Changed Limit R r s",
        "method": "Area Shape",
        "module": "Shapes",
        "type": "Callback",
    },
    "ruby": {
        "class": "Shape",
        "constant": "LIMIT SIDES",
        "field": ":r :s",
        "function": "helper",
        "method": "area unit",
        "module": "Shapes",
    },
    "php": {
        "class": "Areal Kind Named Shape",
        "constant": "LIMIT Round SIDES",
        "field": "n r s",
        "function": "helper",
        "method": "__construct area",
        "module": "Shapes",
    },
    "kotlin": {
        "class": "Areal Kind Shape Single",
        "constant": "FLAT LIMIT MAX ROUND",
        "field": "label r x",
        "function": "helper",
        "method": "area short",
        "type": "Area",
        "variable": "count len",
    },
    "swift": {
        "class": "Areal Kind Point Shape",
        "constant": "flat round",
        "field": "name r x",
        "function": "helper",
        "method": "area init twice unit",
        "type": "Area T",
        "variable": "count limit",
    },
    "scala": {
        "class": "Areal Kind Point Shape Single",
        "constant": "Flat Round",
        "field": "Max label n name r",
        "function": "helper",
        "method": "area",
        "type": "Area T",
        "variable": "limit",
    },
    "bash": {
        "function": "area helper",
        "variable": "LABEL MAX count",
    },
    "lua": {
        "field": "MAX",
        "function": "g h helper new",
        "method": "area",
        "variable": "Shape count json",
    },
    "sql": {
        "class": "areas cached shapes",
        "field": "id name",
        "function": "twice",
        "type": "kind",
    },
    "html": {
        "variable": "main plain",
    },
    "css": {
        "class": "big shape small",
        "constant": "turn",
        "variable": "--main-color main",
    },
    "json": {
        "field": "kind list name",
    },
    "yaml": {
        "field": '"quoted" jobs name second',
    },
    "toml": {
        "field": '"quoted" a.b title',
        "module": "list simple tool.shapes",
    },
    "markdown": {
        "module": "Setext Shapes Usage␣of␣`it`",
    },
}
# What is imported: from where, which name, and what it is called here.
IMPORTS: dict[str, list[tuple[str, str, str]]] = {
    "python": [
        ("os.path", "", ""),
        ("numpy", "", "np"),
        (".", "sibling", ""),
        ("..pkg.mod", "first", ""),
        ("..pkg.mod", "second", "other"),
        ("star", "", ""),
    ],
    "javascript": [
        ("./a.js", "Default", ""),
        ("./a.js", "named", ""),
        ("./a.js", "other", "renamed"),
        ("./b.js", "", "space"),
        ("./effect.js", "", ""),
        ("./again.js", "", ""),
        ("fs", "readFile", ""),
        ("path", "", "path"),
        ("./lazy.js", "", ""),
    ],
    "typescript": [
        ("./types", "T", ""),
        ("fs", "", "fs"),
    ],
    "tsx": [
        ("react", "React", ""),
    ],
    "go": [
        ("fmt", "", ""),
        ("strings", "", "str"),
        ("embed", "", ""),
    ],
    "rust": [
        ("std", "fmt", ""),
        ("std::collections", "HashMap", "Map"),
        ("crate::a", "b", ""),
        ("crate::a", "c", "d"),
        ("crate::a", "e::f", ""),
        ("super", "", ""),
        ("other", "", ""),
    ],
    "java": [
        ("java.util.List", "", ""),
        ("java.lang.Math", "", ""),
    ],
    "c": [
        ("<stdio.h>", "", ""),
        ("shape.h", "", ""),
    ],
    "cpp": [
        ("<string>", "", ""),
    ],
    "csharp": [
        ("System", "", ""),
        ("System.IO", "", "IO"),
    ],
    "ruby": [
        ("set", "", ""),
        ("shape/base", "", ""),
    ],
    "php": [
        ("Other\\Base", "", ""),
        ("Other", "First", ""),
        ("Other", "Second", "Third"),
        ("Lib\\f", "", "g"),
        ("boot.php", "", ""),
    ],
    "kotlin": [
        ("java.util.List", "", ""),
        ("kotlin.math.PI", "", "P"),
        ("other", "", ""),
    ],
    "swift": [
        ("Foundation", "", ""),
        ("UIKit.Color", "", ""),
    ],
    "scala": [
        ("scala.math.Pi", "", ""),
        ("java.util", "", ""),
        ("other", "", ""),
    ],
    "bash": [
        ("./lib.sh", "", ""),
        ("$HERE/other.sh", "", ""),
        ("lazy.sh", "", ""),
        ("'quoted.sh'", "", ""),
    ],
    "lua": [
        ("json", "", ""),
        ("other", "", ""),
    ],
    "html": [
        ("shape.css", "", ""),
        ("shape.js", "", ""),
    ],
    "css": [
        ("other.css", "", ""),
        ("more.css", "", ""),
        ("plain.css", "", ""),
    ],
}


@pytest.mark.parametrize("language", all_languages(), ids=lambda language: language.name)
def test_what_a_file_defines_and_imports_is_found(language: Language) -> None:
    text = TAGGED[language.name]
    defined: dict[str, set[str]] = {}
    imported = set()
    for nodes in matches(language, text):
        kinds = [name.removeprefix("definition.") for name in nodes if name.startswith("definition.")]
        if kinds:
            defined.setdefault(kinds[0], set()).add(spelling(nodes, "name").replace(" ", "␣"))
        else:
            imported.add((spelling(nodes, "path"), spelling(nodes, "imported"), spelling(nodes, "alias")))
    assert {kind: " ".join(sorted(names)) for kind, names in defined.items()} == DEFINITIONS[language.name]
    assert imported == set(IMPORTS.get(language.name, []))


@pytest.mark.parametrize("language", all_languages(), ids=lambda language: language.name)
def test_a_match_is_one_definition_or_one_import(language: Language) -> None:
    for nodes in matches(language, TAGGED[language.name]):
        wholes = [name for name in nodes if name == "import" or name.startswith("definition.")]
        assert len(wholes) == 1
        assert wholes[0].removeprefix("definition.") in KINDS | {"import"}
        assert ("path" if wholes == ["import"] else "name") in nodes
        assert {name for name in nodes if not name.startswith("_")} <= PARTS | set(wholes)
        whole = nodes[wholes[0]][0]
        for name in nodes.keys() & PARTS:
            assert all(whole.start_byte <= part.start_byte and part.end_byte <= whole.end_byte for part in nodes[name])


def test_every_language_has_them_and_they_are_compiled_once() -> None:
    assert all(language.tags for language in all_languages())
    assert all(tags_query_of(language) is tags_query_of(language) for language in all_languages())


def matches(language: Language, text: str) -> list[dict[str, list[Node]]]:
    tree = Document.open("file:///a", language.language_ids[0], 1, text).tree
    assert tree is not None
    assert not tree.root_node.has_error
    return [nodes for _, nodes in QueryCursor(tags_query_of(language)).matches(tree.root_node)]


def spelling(nodes: dict[str, list[Node]], capture: str) -> str:
    """Return what a capture's nodes say, from the first to the last of them."""
    found = nodes.get(capture, [])
    if not found:
        return ""
    whole, (start, end) = found[0], (found[0].start_byte, found[-1].end_byte)
    while whole.end_byte < end and whole.parent is not None:
        whole = whole.parent
    assert whole.text is not None
    return whole.text[start - whole.start_byte : end - whole.start_byte].decode()
