"""One piece of code for each language, with most of what its grammar knows."""

from __future__ import annotations

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
    "kotlin": """\
package shapes

import java.util.List
import kotlin.math.PI as P

/** A shape. */
@Deprecated("it's")
open class Shape(val r: Double, name: String) : Areal {
    private val label: String = "round"
    override fun area(): Double {
        // radius
        when (r) {
            0.0 -> println("none ${r} it's")
            else -> { return f { x -> x + 'a'.code } }
        }
        if (r > 0) { return 1.0 } else { return 2.0 }
        for (i in 0..3) { f(i) }
        val s = \"\"\"raw "it's" $r\"\"\"
        return P * r
    }
    companion object {
        const val MAX = 10
    }
    init { check(r > 0) }
    constructor(r: Double) : this(r, "x") { f(r) }
}
interface Areal {
    fun area(): Double
}
enum class Kind { ROUND, FLAT }
object Single {
    val x = 1
}
typealias Area = Double
const val LIMIT = 3
fun twice(x: Int) = x * 2
fun f(x: Int): Int { return x }
""",
    "swift": """\
import Foundation

// A shape.
class Shape: Areal {
    let r: Double
    init(r: Double) { self.r = r }
    func area() -> Double {
        /* radius */
        switch r {
        case 0: print("none \\(r) it's")
        default: break
        }
        guard r > 0 else { return 0 }
        if r > 0 { return 1 }
        for x in xs { f(x) }
        let g = xs.map { $0 + 1 }
        let pattern = /it's/
        return Double.pi * r
    }
    var name: String { return \"\"\"
        a "b"
        \"\"\" }
}
protocol Areal { func area() -> Double; var name: String { get } }
struct Point { var x: Int }
enum Kind { case round, flat(Int) }
extension Shape { func twice() -> Double { return 2 } }
typealias Area = Double
let limit = 3
func f(_ x: Int) -> Int { return x }
""",
    "scala": """\
package shapes

import scala.math.Pi
import java.util.{List => JList, Map}

/** A shape. */
class Shape(val r: Double) extends Areal {
  private val label: String = "round"
  def area: Double = {
    // radius
    r match {
      case 0 => println(s"none ${r} $label it's")
      case _ => f('a')
    }
    if (r > 0) { return 1.0 }
    for (x <- xs) { f(x) }
    val text = \"\"\"raw "it" \"\"\"
    Pi * r
  }
}
trait Areal { def area: Double }
object Shape { val Max = 10; type Area = Double }
case class Point(x: Int, y: Int)
enum Kind { case Round, Flat }
def f(x: Int): Int = { x * 2 }
""",
    "bash": """\
#!/bin/bash
# A shape.
set -euo pipefail
source ./lib.sh
. "$HERE/other.sh"
readonly MAX=10
export LABEL='it"s'
declare -a LIST=(1 2)

area() {
  local r="$1"
  if [[ "$r" -gt 0 ]]; then
    echo "round ${r} $(date)"
  elif true; then
    :
  else
    exit 1
  fi
  for x in "${LIST[@]}"; do echo "$x"; done
  while read -r line; do f "$line"; done < file
  case "$r" in
    a) echo a ;;
    *) echo b ;;
  esac
  cat <<EOF | sort > out
it's $r
EOF
  x=$((r + 1))
}
function f { echo "$@"; }
area "$MAX" && f x || exit 1
""",
    "lua": """\
local json = require("json")
require "other"
--[[ A shape.
]]
local Shape = {}
Shape.MAX = 10

function Shape.new(r)
  local self = setmetatable({ r = r, name = 'it"s' }, Shape)
  return self
end

function Shape:area()
  -- radius
  if self.r > 0 then
    print("round " .. self.r)
  elseif x then
    y = 1
  else
    error([[it's]])
  end
  for i = 1, 3 do f(i) end
  for k, v in pairs(t) do f(k) end
  while true do break end
  repeat x = 1 until x
  return 3.14 * self.r
end

local function f(x) return x end
local g = function(y) return y end
function h() end
return Shape
""",
    "sql": """\
-- A shape.
CREATE TABLE shapes (
    id INTEGER PRIMARY KEY,
    name VARCHAR(20) DEFAULT 'it''s'
);
CREATE VIEW areas AS SELECT id, r * r AS area FROM shapes;
CREATE INDEX by_name ON shapes (name);
/* all */
CREATE FUNCTION twice(x INTEGER) RETURNS INTEGER AS $$
BEGIN
    RETURN x * 2;
END;
$$ LANGUAGE plpgsql;
INSERT INTO shapes (id, name) VALUES (1, 'round');
SELECT s.name, count(*) FROM shapes s WHERE s.id IN (SELECT id FROM areas) GROUP BY s.name;
UPDATE shapes SET name = 'flat' WHERE id = 1;
DELETE FROM shapes;
""",
    "html": """\
<!DOCTYPE html>
<html lang="en">
<head>
  <!-- A shape. -->
  <title>It's</title>
  <link rel="stylesheet" href="shape.css">
  <script src='shape.js'></script>
  <script type="module">
    const a = "x";
  </script>
  <style>
    .a { color: red; }
  </style>
</head>
<body>
  <div id="main" class=big>
    <p>It's (round &amp; flat</p>
    <br/>
  </div>
</body>
</html>
""",
    "css": """\
@charset "utf-8";
@import url("other.css");
@import 'more.css';
/* A shape. */
:root { --main-color: #f00; }
.shape, #main > a:hover {
  color: var(--main-color);
  background: url(it.png) no-repeat;
}
@media (max-width: 600px) {
  .shape { width: calc(100% - 2px); }
}
@keyframes turn {
  from { left: 0; }
  to { left: 1px; }
}
@font-face { font-family: "X"; }
""",
    "json": """\
// Settings may have comments.
{
  "name": "shape",
  "sizes": [1, 2.5, true, null],
  "kind": { "round": "it's \\"so\\"" }
}
""",
    "yaml": """\
# A shape.
name: shape
label: "it's"
other: 'a'
sizes:
  - 1
  - round: yes
    flat: no
kind: &k
  round: [a, "b"]
  text: |
    it's "all
    text
jobs:
  build:
    runs-on: x
---
more: {a: 1, b: 2}
""",
    "toml": """\
# A shape.
title = "shape"
path = 'it"s'

[tool.shapes]
sizes = [1, 2]
kind = { round = true }
text = \"\"\"
it's
\"\"\"

[[tool.list]]
name = "a"
""",
    "markdown": """\
# Shapes

It's a `round` **shape** (of [many](x.md).

<!-- A comment. -->

## Usage

- one
- two
  more

```python
def area(r):
    return 3.14 * r
```

    indented code

| a | b |
|---|---|
| 1 | 2 |

> quote

Setext
======
""",
}
