"""Each language's file and query, and how languages are found."""

from __future__ import annotations

import importlib
import pkgutil
from importlib import resources

import pytest

from midspan.context import languages
from midspan.context.document import Document
from midspan.context.language import Language, builtin_names, has_capture, query_of
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
    "rust": """\
use std::fmt;

/// A shape.
#[derive(Debug)]
pub struct Shape<'a> { r: f64, name: &'a str }

enum Kind { Round, Flat(u8) }

pub trait Areal { fn area(&self) -> f64; }

impl<'a> Areal for Shape<'a> {
    fn area(&self) -> f64 {
        let c = '{';
        match self.r { // radius
            r if r > 0.0 => println!("{}", r),
            _ => return r#"no"#.len() as f64,
        }
        3.14 * self.r
    }
}

mod inner { pub fn f() -> i32 { 1 } }
""",
    "java": """\
package shapes;

import java.util.List;

/** A shape. */
public class Shape implements Areal {
    private final double r; // radius
    public Shape(double r) { this.r = r; }
    @Override
    public double area() {
        switch (kind) { case 'a': return 1; default: break; }
        if (r > 0) { System.out.println("round"); }
        return Math.PI * r;
    }
}
interface Areal { double area(); }
enum Kind { ROUND, FLAT }
record Point(int x, int y) { }
""",
    "c": """\
#include <stdio.h>
#define MAX 10

/* A shape. */
struct shape { double r; };
enum kind { ROUND, FLAT };

static double area(const struct shape *s)
{
    if (s->r > 0) { // round
        printf("%d\\n", 'a');
    }
    return 3.14 * s->r;
}
""",
    "cpp": """\
#include <string>
namespace shapes {
class Shape : public Base {
public:
    explicit Shape(double r) : r_(r) {}
    double area() const { return r_; } // radius
private:
    double r_;
};
template <typename T> T twice(T x) { return x + x; }
auto f = [](int x) { return R"(it's)"; };
enum class Kind { Round };
struct Point { int x; };
}
""",
    "csharp": """\
using System;

namespace Shapes
{
    public interface IAreal { double Area(); }

    public class Shape : IAreal
    {
        public double R { get; set; } // radius
        public Shape(double r) { R = r; }
        public double Area()
        {
            int Local(int x) { return x; }
            foreach (var x in xs) { Console.WriteLine($"{x} it's"); }
            return 'a' + @"b".Length;
        }
    }
    public enum Kind { Round, Flat }
    public struct Point { public int X; }
}
""",
    "ruby": """\
require 'set'

module Shapes
  # A shape.
  class Shape < Base
    attr_reader :r

    def initialize(r)
      @r = r
    end

    def self.unit
      new(1)
    end

    def area?
      if @r > 0
        puts "#{@r} it's"
      else
        list.each do |x|
          x =~ /'/
        end
      end
    end
  end
end
""",
    "php": """\
<p>It's</p>
<?php
namespace Shapes;

interface Areal { public function area(): float; }

final class Shape implements Areal
{
    private float $r; // radius

    public function __construct(float $r) { $this->r = $r; }

    public function area(): float
    {
        if ($this->r > 0) { echo "round $this->r"; }
        return 3.14 * $this->r . 'a';
    }
}
trait Named { }
enum Kind { case Round; }
function f(int $x) { return $x; }
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
        ("rust", "rust"),
        ("java", "java"),
        ("c", "c"),
        ("cpp", "cpp"),
        ("csharp", "csharp"),
        ("ruby", "ruby"),
        ("php", "php"),
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


def test_every_language_has_its_names() -> None:
    files = {file.name for file in resources.files(languages).iterdir() if file.name.endswith(".txt")}
    assert files == {f"{language.name}.txt" for language in all_languages()}
    assert all(len(builtin_names(language)) > 20 for language in all_languages())


def test_every_query_file_belongs_to_a_language() -> None:
    files = {file.name for file in resources.files(languages).iterdir() if file.name.endswith(".scm")}
    assert files == {name for language in all_languages() for name in language.queries}
