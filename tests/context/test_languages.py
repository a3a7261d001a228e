"""Each language's file and query, and how languages are found."""

from __future__ import annotations

import importlib
import pkgutil
from importlib import resources

import pytest
from language_samples import SAMPLES

from midspan.context import languages
from midspan.context.document import Document
from midspan.context.language import Language, builtin_names, has_capture, query_of
from midspan.context.languages import all_languages, for_language_id, for_path
from midspan.context.nodes import captures

KNOWN_CAPTURES = {
    *("unit.function", "unit.method", "unit.class", "name", "body", "block", "block.open", "block.close", "statement"),
    *("string", "interpolation", "comment", "identifier", "opaque"),
}

UNITS = {
    "python": {("class", "Shape"), ("function", "area")},
    "javascript": {("class", "Shape"), ("method", "area"), ("function", "f"), ("function", "g")},
    "typescript": {
        *(("class", name) for name in ("Shape", "Circle", "E", "N")),
        *(("method", name) for name in ("constructor", "name")),
        ("function", "f"),
    },
    "tsx": {("class", "Props"), ("function", "View")},
    "go": {("class", "Shape"), ("class", "Areal"), ("method", "Area"), ("function", "f"), ("function", "")},
    "rust": {
        *(("class", name) for name in ("Shape", "Kind", "Areal", "Shape<'a>", "inner")),
        *(("function", name) for name in ("area", "f")),
    },
    "java": {
        *(("class", name) for name in ("Shape", "Areal", "Kind", "Point")),
        *(("method", name) for name in ("Shape", "area")),
    },
    "c": {("class", "shape"), ("class", "kind"), ("function", "area")},
    "cpp": {
        *(("class", name) for name in ("shapes", "Shape", "Kind", "Point")),
        *(("function", name) for name in ("Shape", "area", "twice", "")),
    },
    "csharp": {
        *(("class", name) for name in ("Shapes", "IAreal", "Shape", "Kind", "Point")),
        *(("method", name) for name in ("Shape", "Area")),
        ("function", "Local"),
    },
    "ruby": {
        *(("class", name) for name in ("Shapes", "Shape")),
        *(("method", name) for name in ("initialize", "unit", "area?")),
    },
    "php": {
        *(("class", name) for name in ("Areal", "Shape", "Named", "Kind")),
        *(("method", name) for name in ("__construct", "area")),
        ("function", "f"),
    },
    "kotlin": {
        *(("class", name) for name in ("Shape", "Areal", "Kind", "Single", "")),
        *(("function", name) for name in ("area", "twice", "f")),
        ("method", ""),
    },
    "swift": {
        *(("class", name) for name in ("Shape", "Areal", "Point", "Kind")),
        *(("function", name) for name in ("area", "twice", "f")),
        ("method", "init"),
    },
    "scala": {
        *(("class", name) for name in ("Shape", "Areal", "Kind")),
        *(("function", name) for name in ("area", "f")),
    },
    "bash": {("function", "area"), ("function", "f")},
    "lua": {("function", name) for name in ("Shape.new", "Shape:area", "f", "g")},
    "sql": {("function", "twice")},
}
# What a language has nothing of: in data and prose no word is a name that code could get wrong.
WITHOUT = {
    "json": {"identifier"},
    "yaml": {"identifier"},
    "toml": {"identifier"},
    "markdown": {"identifier", "string"},
}


@pytest.mark.parametrize("language", all_languages(), ids=lambda language: language.name)
def test_a_languages_query_finds_what_it_is_for(language: Language) -> None:
    query = query_of(language)
    text = SAMPLES[language.name]
    document = Document.open("file:///a", language.language_ids[0], 1, text)
    assert document.tree is not None
    assert not document.tree.root_node.has_error
    found = captures(document, 0, len(text))
    names = {one.capture for one in found}
    assert names <= KNOWN_CAPTURES
    wanted = {"block", "statement", "string", "comment", "identifier"} - WITHOUT.get(language.name, set())
    wanted |= {name for name in ("interpolation", "opaque") if has_capture(language, name)}
    assert names >= wanted
    assert not names & WITHOUT.get(language.name, set())
    units = {
        (one.capture.removeprefix("unit."), text[slice(*one.name)] if one.name else "")
        for one in found
        if one.capture.startswith("unit.")
    }
    assert units == UNITS.get(language.name, set())
    assert all(one.body is not None for one in found if one.capture.startswith("unit."))
    assert query is query_of(language)


@pytest.mark.parametrize("language", all_languages(), ids=lambda language: language.name)
def test_a_language_says_all_that_is_needed_for_text_that_does_not_parse(language: Language) -> None:
    assert language.line_comment or language.block_comment
    assert language.indent_unit == "\t" or not language.indent_unit.strip(" ")
    openers = [style.opens for style in language.strings]
    for position, opener in enumerate(openers):
        assert not any(later.startswith(opener) for later in openers[position + 1 :])
    assert all(extension.startswith(".") for extension in language.extensions)


@pytest.mark.parametrize(
    ("language_id", "name"),
    [
        ("python", "python"),
        ("javascript", "javascript"),
        ("javascriptreact", "javascript"),
        ("typescript", "typescript"),
        ("typescriptreact", "tsx"),
        ("go", "go"),
        ("rust", "rust"),
        ("java", "java"),
        ("c", "c"),
        ("cpp", "cpp"),
        ("csharp", "csharp"),
        ("ruby", "ruby"),
        ("php", "php"),
        ("kotlin", "kotlin"),
        ("swift", "swift"),
        ("scala", "scala"),
        ("shellscript", "bash"),
        ("zsh", "bash"),
        ("lua", "lua"),
        ("sql", "sql"),
        ("html", "html"),
        ("vue", None),
        ("css", "css"),
        ("scss", None),
        ("json", "json"),
        ("jsonc", "json"),
        ("yaml", "yaml"),
        ("toml", "toml"),
        ("markdown", "markdown"),
        ("plaintext", None),
        ("", None),
    ],
)
def test_editors_names_for_languages(language_id: str, name: str | None) -> None:
    language = for_language_id(language_id)
    assert (language.name if language else None) == name


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a.py", "python"),
        ("/x/b.PYI", "python"),
        ("file:///x/c.jsx", "javascript"),
        ("d.test.ts", "typescript"),
        ("e.tsx", "tsx"),
        ("f.go", "go"),
        ("g.rs", "rust"),
        ("H.java", "java"),
        ("i.h", "c"),
        ("j.cc", "cpp"),
        ("k.cs", "csharp"),
        ("Rakefile.rake", "ruby"),
        ("l.php", "php"),
        ("m.kt", "kotlin"),
        ("build.gradle.kts", "kotlin"),
        ("n.swift", "swift"),
        ("build.sbt", "scala"),
        ("o.zsh", "bash"),
        ("p.lua", "lua"),
        ("q.sql", "sql"),
        ("r.htm", "html"),
        ("s.css", "css"),
        ("s.scss", None),
        ("tsconfig.json", "json"),
        (".github/workflows/t.yml", "yaml"),
        ("pyproject.toml", "toml"),
        ("README.md", "markdown"),
        ("g.go/h", None),
        ("Makefile", None),
        ("", None),
    ],
)
def test_languages_of_files(path: str, name: str | None) -> None:
    language = for_path(path)
    assert (language.name if language else None) == name


def test_nothing_lists_the_languages_but_their_folder() -> None:
    modules = [module.name for module in pkgutil.iter_modules(languages.__path__)]
    declared = [one for name in modules for one in importlib.import_module(f"{languages.__name__}.{name}").LANGUAGES]
    assert list(all_languages()) == declared
    claims = [name for language in declared for name in (*language.language_ids, *language.extensions)]
    assert len(claims) == len(set(claims))


def test_every_language_with_names_has_those_of_its_own() -> None:
    files = {file.name for file in resources.files(languages).iterdir() if file.name.endswith(".txt")}
    with_names = [language for language in all_languages() if has_capture(language, "identifier")]
    assert files == {f"{language.name}.txt" for language in with_names}
    assert all(len(builtin_names(language)) > 20 for language in with_names)
    assert not any(builtin_names(language) for language in all_languages() if language not in with_names)


def test_every_query_file_belongs_to_a_language() -> None:
    files = {file.name for file in resources.files(languages).iterdir() if file.name.endswith(".scm")}
    assert files == {name for language in all_languages() for name in (*language.queries, *language.tags)}
