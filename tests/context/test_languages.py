"""Each language's file and query, and how languages are found."""

from __future__ import annotations

import importlib
import pkgutil
from importlib import resources

import pytest

from midspan.context import languages
from midspan.context.document import Document
from midspan.context.language import Language, has_capture, query_of
from midspan.context.languages import all_languages, for_language_id, for_path
from midspan.context.nodes import captures

KNOWN_CAPTURES = {
    *("unit.function", "unit.method", "unit.class", "name", "body", "block", "block.open", "statement"),
    *("string", "interpolation", "comment", "identifier", "opaque"),
}

SAMPLES = {
    "python": """\
@decorated
class Shape(Base):
    \"\"\"Doc.\"\"\"

    async def area(self, r: float = 1.0) -> float:
        if r > 0:  # positive
            return f"{r}"
        else:
            raise ValueError('no')
""",
    "javascript": """\
import { a } from 'b';
export class Shape {
  #r = 1;
  area(r) { return `${r} ${/x'/.test(r)}`; } // method
}
const f = async (x) => { switch (x) { case 1: return <p>It's {x}</p>; } };
function* g() { /* all */ yield 1; }
""",
    "typescript": """\
export interface Shape<T> { readonly r: T; area(): number }
abstract class Circle implements Shape<number> {
  constructor(readonly r: number) { super(); }
  abstract area(): number; // abstract
  get name(): `c${string}` { return `c${this.r}`; }
}
enum E { A, B }
namespace N { export const x: number = 1; }
type U = { a: string } | null;
const f = (x: number): number => { return /x/.test('a') ? 1 : 2; };
""",
    "tsx": """\
interface Props { n: number }
export const View = ({ n }: Props) => {
  const text = `n${n}`; // text
  return <div title="a">It's {n}</div>;
};
""",
    "go": """\
package shapes

import "fmt"

type Shape struct {
	R float64 // radius
}

type Areal interface { Area() float64 }

func (s *Shape) Area() float64 {
	switch {
	case s.R > 0:
		return f(func() int { return 'a' })
	default:
		fmt.Println(`none`)
	}
	return 0
}

func f(g func() int) float64 { return 1 }
""",
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
    wanted = {"block", "statement", "string", "comment", "identifier"}
    wanted |= {name for name in ("interpolation", "opaque") if has_capture(language, name)}
    assert names >= wanted
    units = {
        (one.capture.removeprefix("unit."), text[slice(*one.name)] if one.name else "")
        for one in found
        if one.capture.startswith("unit.")
    }
    assert units == UNITS[language.name]
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


def test_every_query_file_belongs_to_a_language() -> None:
    files = {file.name for file in resources.files(languages).iterdir() if file.name.endswith(".scm")}
    assert files == {name for language in all_languages() for name in language.queries}
