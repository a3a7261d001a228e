"""A piece of code for each language with everything in it that other files can refer to, and with imports."""

from __future__ import annotations

TAGGED = {
    "python": """\
import os.path
import numpy as np
from . import sibling
from ..pkg.mod import first, second as other
from star import *

LIMIT = 3
count: int = 0
type Pair = tuple[int, int]

if True:
    def guarded(): pass

@decorated
def function(a):
    local = 1
    def inner(): pass
    return local

class Shape:
    kind: str
    sides = 4
    def __init__(self):
        self.r = 1
    @property
    def area(self):
        x = 2
        return x
    class Inner:
        pass
""",
    "javascript": """\
import Default, { named, other as renamed } from "./a.js";
import * as space from "./b.js";
import "./effect.js";
export { x } from "./again.js";
const { readFile } = require("fs");
const path = require("path");
const LIMIT = 3;
let count, total = 0;
var old = { a: 1 };
export const shared = [1];
export const arrow = (a) => { const local = 1; return local; };
const fn = function () { return 1; };
export default function main(a) { let inner = 1; function nested() {} }
function* gen() { yield 1; }
class Shape extends Base {
  #r = 1;
  static sides = 4;
  area() { const x = 1; return x; }
}
exports.helper = function () {};
async function load() { await import("./lazy.js"); }
""",
    "typescript": """\
import type { T } from "./types";
import fs = require("fs");
export interface Areal { readonly name: string; area(): number }
export type Pair = [number, number];
export enum Kind { Round, Flat = 2 }
export abstract class Shape { private r: number = 1; abstract area(): number; get x() { return 1; } }
declare function ambient(a: number): void;
declare const VERSION: string;
namespace Inner { export const deep = 1; export function g() { const local = 1; } }
export const limit: number = 3 as number;
const f = (x: number): number => x;
""",
    "tsx": """\
import React from "react";
export const View = ({ n }: Props) => { const text = 1; return <p>{text}</p>; };
interface Props { n: number }
""",
    "go": """\
package shapes

import "fmt"
import (
	str "strings"
	_ "embed"
)

const Limit = 3
const (
	A = iota
	B
)
var count, total int
var (
	table = map[string]int{}
)

type Shape struct {
	R, S float64
	Base
}
type Areal interface { Area() float64 }
type ID int
type Alias = ID

func (s *Shape) Area() float64 { x := 1; var y int; return x }
func New() *Shape { return nil }
""",
    "rust": """\
use std::fmt;
use std::collections::HashMap as Map;
use crate::a::{b, c as d, e::f};
use super::*;
mod other;
const LIMIT: i32 = 3;
static COUNT: i32 = 0;
pub struct Shape { pub r: f64 }
struct Unit;
enum Kind { Round, Flat(u8) }
trait Areal { type Out; const SIDES: i32; fn area(&self) -> f64; fn twice(&self) -> f64 { 2.0 } }
impl Areal for Shape { fn area(&self) -> f64 { let x = 1; const LOCAL: i32 = 1; 1.0 } }
type Pair = (i32, i32);
macro_rules! m { () => {}; }
mod inner { pub fn g() {} }
fn main() { fn nested() {} }
""",
    "java": """\
package shapes;
import java.util.List;
import static java.lang.Math.*;
public class Shape {
    private final double r = 1, s;
    static final int LIMIT = 3;
    Shape(double r) { int local = 1; }
    abstract double area();
}
interface Areal { int SIDES = 4; double area(); }
enum Kind { ROUND, FLAT; int n() { return 1; } }
record Point(int x, int y) { }
@interface Note { String value(); }
""",
    "c": """\
#include <stdio.h>
#include "shape.h"
#ifndef GUARD
#define GUARD
#define LIMIT 3
#define TWICE(x) ((x) * 2)
typedef struct { double r; int *p, q[2]; } shape;
typedef int (*callback)(int);
struct point { int x; };
enum kind { ROUND, FLAT };
extern int count;
static const char *name = "a", other[3];
double area(const shape *s);
char *label(void);
#endif
int main(void) { int local = 1; return local; }
static shape *make(int a) { return 0; }
""",
    "cpp": """\
#include <string>
namespace shapes {
class Shape : public Base {
public:
    explicit Shape(double r) : r_(r) {}
    Shape();
    ~Shape() {}
    virtual double area() const = 0;
    double twice() const { double local = 1; return local; }
private:
    double r_;
};
template <typename T> T both(T x) { return x; }
template <typename T> struct Box { T value; };
using Pair = int;
enum class Kind { Round };
constexpr int limit = 3;
void declared(int);
}
double shapes::Shape::area() const { return 1; }
""",
    "csharp": """\
using System;
using IO = System.IO;
namespace Shapes
{
    public interface IAreal { double Area(); }
    public class Shape : IAreal
    {
        const int Limit = 3;
        private double r, s;
        public double R { get; set; }
        public event Action Changed;
        public Shape(double r) { int local = 1; }
        public double Area() { int Local() { return 1; } return 1; }
    }
    public enum Kind { Round, Flat }
    public struct Point { }
    public record Pair(int X);
    public delegate void Callback(int x);
}
""",
    "ruby": """\
require 'set'
require_relative 'shape/base'
LIMIT = 3
module Shapes
  class Shape < Base
    attr_reader :r, :s
    SIDES = 4
    def area
      local = 1
    end
    def self.unit; end
  end
end
def helper(x)
end
""",
    "php": """\
<?php
namespace Shapes;
use Other\\Base;
use Other\\{First, Second as Third};
use function Lib\\f as g;
require_once 'boot.php';
const LIMIT = 3;
interface Areal { public function area(): float; }
abstract class Shape extends Base
{
    use Named;
    const SIDES = 4;
    private float $r = 1, $s;
    public function __construct(public int $n) { $local = 1; }
    abstract function area(): float;
}
trait Named { }
enum Kind { case Round; }
function helper($x) { return $x; }
""",
    "kotlin": """\
package shapes
import java.util.List
import kotlin.math.PI as P
import other.*
const val LIMIT = 3
val count = 1
var String.len: Int
    get() = 1
typealias Area = Double
open class Shape(val r: Double, name: String) {
    private val label = "a"
    fun area(): Double { val local = 1; return 1.0 }
    fun short() = 1
    companion object {
        const val MAX = 10
    }
}
interface Areal {
    fun area(): Double
}
enum class Kind { ROUND, FLAT }
object Single {
    val x = 1
}
fun <T> List<T>.helper(x: Int): Int { fun nested() = 1; return x }
""",
    "swift": """\
import Foundation
import struct UIKit.Color
let limit = 3
var count: Int = 0
typealias Area = Double
class Shape: Areal {
    let r: Double
    var (a, b) = (1, 2)
    init(r: Double) { let local = 1 }
    func area() -> Double { let x = 1; func nested() {}; return x }
    static func unit() {}
}
protocol Areal { associatedtype T; func area() -> Double; var name: String { get } }
struct Point { var x: Int }
enum Kind { case round, flat(Int) }
extension Shape { func twice() {} }
func helper(_ x: Int) -> Int { return x }
""",
    "scala": """\
package shapes
import scala.math.Pi
import java.util.{List => JList, Map}
import other._
class Shape(val r: Double, name: String) {
  private val label = "a"
  var n = 1
  def area: Double = { val local = 1; def nested = 1; 1.0 }
}
trait Areal { def area: Double; val name: String; type T }
object Single { type Area = Double; val Max = 10 }
case class Point(x: Int)
enum Kind { case Round, Flat }
def helper(x: Int): Int = x
val limit = 3
""",
    "bash": """\
source ./lib.sh
. "$HERE/other.sh"
readonly MAX=10
export LABEL=a
count=1
area() {
  local r=1
  inner=2
}
function helper { :; }
if true; then source lazy.sh; fi
source 'quoted.sh'
""",
    "lua": """\
local json = require("json")
require "other"
local Shape = {}
Shape.MAX = 10
count = 1
function Shape.new(r)
  local x = 1
  y = 2
end
function Shape:area() end
local function helper() local function nested() end end
local g = function(y) return y end
Shape.h = function() end
""",
    "sql": """\
CREATE TABLE app.shapes (
    id INTEGER PRIMARY KEY,
    name TEXT
);
CREATE VIEW areas AS SELECT id AS area FROM shapes;
CREATE MATERIALIZED VIEW cached AS SELECT 1;
CREATE TYPE kind AS ENUM ('a', 'b');
CREATE FUNCTION twice(x INTEGER) RETURNS INTEGER AS $$
BEGIN
    RETURN x * 2;
END;
$$ LANGUAGE plpgsql;
""",
    "html": """\
<link rel="stylesheet" href="shape.css">
<script src="shape.js"></script>
<a href="other.html" id="main">a</a>
<img src='a.png' id=plain>
""",
    "css": """\
@import url("other.css");
@import 'more.css';
@import url(plain.css);
:root { --main-color: #f00; color: red; }
.shape, #main > a.big:hover { color: var(--main-color); }
@media (x: 1px) { .small { a: b; } }
@keyframes turn { from { left: 0; } }
""",
    "json": """\
{"name": "a", "kind": {"round": 1}, "list": [{"x": 1}]}
""",
    "yaml": """\
name: a
"quoted": b
jobs:
  build:
    x: 1
---
second: {a: 1}
""",
    "toml": """\
title = "a"
"quoted" = 1
a.b = 2
[tool.shapes]
sizes = [1]
[simple]
[[list]]
name = "a"
""",
    "markdown": """\
# Shapes

## Usage of `it`

Setext
------

```
# no heading
```
""",
}
