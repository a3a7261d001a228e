"""When a proposal is wanted: by the place, by what was done last, by the file, by what the user has set."""

from __future__ import annotations

from typing import Any

import pytest
from marks import dedent, parse_marks

from midspan.completion.ask import Did, Kind, Request, Trigger
from midspan.completion.gate import Verdict, refusal, verdict
from midspan.completion.settings import CompletionSettings
from midspan.context.cursor import cursor_context
from midspan.context.document import Document
from midspan.context.window import WindowSizes


def judge(
    marked: str,
    language: str = "python",
    uri: str = "file:///a",
    trigger: Trigger = Trigger.AUTOMATIC,
    did: Did = Did.TYPED,
    **settings: Any,
) -> Verdict:
    text, offset = parse_marks(dedent(marked))
    request = Request(Document.open(uri, language, 1, text), offset, trigger, did=did)
    cursor = cursor_context(request.document, offset, WindowSizes(100, 100))
    refused = refusal(request, CompletionSettings(**settings))
    return Verdict(silent=refused) if refused else verdict(request, cursor, CompletionSettings(**settings))


FINISHED = [
    ("foo(a)¦\n", "python"),
    ("x = foo(a)¦\n", "python"),
    ("def f():\n    return [1, 2]¦\n", "python"),
    ('import a\nx = "abc"¦\n', "python"),
    ("foo(a);¦\n", "javascript"),
    ("if (a) {\n  b();\n}¦\n", "javascript"),
    ("const f = () => {\n};¦\n", "typescript"),
    ("package p\n\nfunc f() {\n\tg()¦\n}\n", "go"),
    ("fn f() {\n    g();¦\n}\n", "rust"),
    ("class A {\n    int x = f();¦\n}\n", "java"),
    ("int x = 1;¦\n", "c"),
    ("def f\n  puts('a')¦\nend\n", "ruby"),
    ("<?php\n$x = 1;¦\n", "php"),
]
OPEN = [
    ("x = ¦\n", "python"),
    ("foo(a¦\n", "python"),
    ("foo(a)¦\n)", "plaintext"),
    ("for x in range(3)¦\n", "python"),
    ("def f(a)¦\n", "python"),
    ("x = [\n    f(a)¦\n]\n", "python"),
    ("x = foo¦\n", "python"),
    ("foo(a).¦\n", "python"),
    ("if (a)¦\n", "javascript"),
    ("for (let i = 0;¦\n", "javascript"),
    ("def f():\n    x = 1\n    ¦\n", "python"),
    ("# what this is (so far)¦\n", "python"),
    ('x = "abc)¦', "python"),
]


@pytest.mark.parametrize(("marked", "language"), FINISHED)
def test_behind_a_finished_statement_silent_is_asked_for(marked: str, language: str) -> None:
    assert judge(marked, language).silent == "the statement is finished"
    assert not judge(marked, language, eagerness="high").silent
    assert not judge(marked, language, trigger=Trigger.INVOKED).silent


@pytest.mark.parametrize(("marked", "language"), OPEN)
def test_elsewhere_something_is_wanted(marked: str, language: str) -> None:
    found = judge(marked, language)
    assert found.silent == ""


@pytest.mark.parametrize("did", [Did.DELETED, Did.PASTED, Did.UNDONE, Did.SEVERAL])
def test_after_what_is_no_typing_the_model_is_not_asked(did: Did) -> None:
    assert judge("x = ¦\n", did=did).silent.startswith("you ")
    assert not judge("x = ¦\n", did=did, trigger=Trigger.INVOKED).silent


@pytest.mark.parametrize(("marked", "is_early"), [("¦", True), ("im¦", True), ("imp¦", False), ("\n\nx¦\n", True)])
def test_an_empty_file_gives_nothing_to_go_by(marked: str, is_early: bool) -> None:
    assert (judge(marked).silent == "there is nothing yet to go by") == is_early


SECRET = [
    ".env",
    ".env.local",
    "prod.env",
    ".netrc",
    ".npmrc",
    "id_rsa",
    "id_ed25519",
    "server.pem",
    "a.KEY",
    "x.tfvars",
]


@pytest.mark.parametrize("name", SECRET)
def test_where_secrets_may_be_nothing_is_read_even_by_key(name: str) -> None:
    assert judge("KEY = ¦", uri=f"file:///p/{name}", trigger=Trigger.INVOKED).silent == "the file may hold secrets"


@pytest.mark.parametrize("name", [".env.example", "env.py", "keys.py", "environment", "credentials.py", "a.keys"])
def test_other_files_are_not_taken_for_secret(name: str) -> None:
    assert judge("KEY = ¦", uri=f"file:///p/{name}").silent == ""


def test_in_a_licence_nothing_is_proposed() -> None:
    assert judge("# Copyright 2020 Somebody\n# Licensed ¦\n").silent == "in a licence"
    assert judge("/*\n * SPDX-License-Identifier: MIT\n * ¦\n */\n", "c").silent == "in a licence"
    assert judge("# Copyright 2020\nimport os\n# list all ¦\n", in_comments=False).silent.startswith("not in comments")
    assert judge("import os\n" * 50 + "# the licence of ¦\n").silent == ""


def test_comments_can_be_left_alone() -> None:
    assert judge("x = 1  # the ¦\n").silent == ""
    assert judge("x = 1  # the ¦\n", in_comments=False).silent == "not in comments (completion.in_comments)"
    assert judge("x = 1  # the ¦\n", in_comments=False, trigger=Trigger.INVOKED).silent == ""


@pytest.mark.parametrize(("marked", "wanted"), [("def f():\n    ¦\n", True), ("x ¦\n", False), ("total = ¦\n", True)])
def test_who_wants_little_is_asked_for_more(marked: str, wanted: bool) -> None:
    assert (judge(marked, eagerness="low").silent == "") == wanted


def test_in_the_middle_of_a_word() -> None:
    assert judge("pri¦nt(x)\n").silent == "in the middle of a word"
    assert judge("pri¦nt(x)\n", trigger=Trigger.INVOKED).silent == ""


@pytest.mark.parametrize(
    ("marked", "language", "kind"),
    [
        ("def f():\n    ¦\n", "python", Kind.BLOCK),
        ("def f():\n    ¦\n    return 1\n", "python", Kind.LINE),
        ("def f():\n    x = ¦\n", "python", Kind.LINE),
        ("function f() {\n  ¦\n}\n", "javascript", Kind.BLOCK),
        ("def f\n  ¦\nend\n", "ruby", Kind.BLOCK),
        ("list.each do |x|\n  ¦\nend\n", "ruby", Kind.BLOCK),
        ("fn f() {\n    ¦\n}\n", "rust", Kind.BLOCK),
        ("# what:\n¦", "python", Kind.LINE),
    ],
)
def test_how_far_it_reaches(marked: str, language: str, kind: Kind) -> None:
    assert judge(marked, language).kind is kind
    assert judge(marked, language, max_lines=1).kind is Kind.LINE
    assert judge(marked, language, kind="block").kind is Kind.BLOCK
