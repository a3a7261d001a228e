"""From a model's answer to ghost text, through the whole pipeline: boundary, fit to the line, indentation, brackets.

`¦` is the cursor, `├…┤` the ghost text.
"""

from __future__ import annotations

import pytest
from ghost import answer_of, check_ghost, ghost

from midspan.completion.settings import CompletionSettings, Settings


def test_a_line_ends_at_its_line_break() -> None:
    check_ghost("x = ¦\n", "1 + 2\ny = 3\n", "x = ├1 + 2┤\n")


def test_closing_paren_is_not_doubled() -> None:
    check_ghost(
        """
        def area(r):
            return pi * (r ** 2¦)
        """,
        " + 0)",
        """
        def area(r):
            return pi * (r ** 2├ + 0┤)
        """,
    )


def test_the_answers_own_brackets_stay() -> None:
    check_ghost("print(pi * ¦)\n", "(r ** 2)", "print(pi * ├(r ** 2)┤)\n")


def test_an_answer_that_goes_on_after_the_bracket_takes_its_place() -> None:
    check_ghost("x = foo(¦)\n", "a, b) + bar(c)", "x = foo(├a, b) + bar(c)┤\n")


def test_what_the_tail_says_is_not_said_twice() -> None:
    check_ghost("x = foo(¦, b)\n", "a, b)", "x = foo(├a┤, b)\n")


def test_a_string_that_the_editor_closed_is_closed_once() -> None:
    check_ghost('print("¦")\n', 'hello")', 'print("├hello┤")\n')


def test_a_tail_of_words_is_not_repeated() -> None:
    check_ghost("x = ¦ + width\n", "height + width", "x = ├height┤ + width\n")


def test_an_answer_that_only_repeats_the_tail_is_none() -> None:
    assert ghost("x = foo(¦a, b)\n", "a, b)").startswith("none: ")


def test_a_bracket_that_the_next_line_closes() -> None:
    check_ghost(
        """
        x = foo(
            a,
            ¦
        )
        """,
        "b)",
        """
        x = foo(
            a,
            ├b┤
        )
        """,
    )


def test_indentation_that_stands_already_is_not_written_again() -> None:
    check_ghost(
        """
        def f(a):
            ¦
        """,
        "    return a",
        """
        def f(a):
            ├return a┤
        """,
    )


def test_a_statement_is_not_indented_deeper_than_the_one_above() -> None:
    check_ghost(
        """
        def f(a):
            b = a
            ¦
        """,
        "    return b",
        """
        def f(a):
            b = a
            ├return b┤
        """,
    )


def test_a_block_ends_where_the_indentation_does() -> None:
    check_ghost(
        """
        def f(a):
            ¦
        """,
        "b = a + 1\n    return b\n\n\ndef g():\n    pass\n",
        """
        def f(a):
            ├b = a + 1
            return b┤
        """.replace("            return", "    return").replace("\n        ", "\n"),
    )


def test_a_dedented_line_inside_a_string_does_not_end_the_block() -> None:
    check_ghost(
        "def f():\n    ¦\n",
        'text = """\nno indent\n"""\n    return text\n\ndef g(): ...\n',
        'def f():\n    ├text = """\nno indent\n"""\n    return text┤\n',
    )


def test_a_block_that_was_cut_off_keeps_its_whole_lines() -> None:
    check_ghost(
        "def f(a):\n    ¦\n", "b = a\n    c = b\n    return b +", "def f(a):\n    ├b = a\n    c = b┤\n", finish="length"
    )


def test_a_line_that_was_cut_off_is_not_shown() -> None:
    assert ghost("x = ¦\n", "foo(bar, ba", finish="length").startswith("none: ")


def test_a_brace_block_is_closed_once() -> None:
    check_ghost(
        "function f(a) {\n  ¦\n}\n",
        "const b = a;\n  return b;\n}\n\nfunction g() {}\n",
        "function f(a) {\n  ├const b = a;\n  return b;┤\n}\n",
        "javascript",
    )


def test_a_brace_block_that_nothing_closes_is_closed() -> None:
    check_ghost(
        "function f(a) {\n  ¦",
        "const b = a;\n  return b;\n}\n\nfunction g() {}\n",
        "function f(a) {\n  ├const b = a;\n  return b;\n}┤",
        "javascript",
    )


def test_go_is_indented_by_tabs() -> None:
    check_ghost(
        "package a\n\nfunc f(a int) int {\n\t¦\n}\n",
        "if a > 0 {\n        return a\n    }\n    return -a\n}\n",
        "package a\n\nfunc f(a int) int {\n\t├if a > 0 {\n\t\treturn a\n\t}\n\treturn -a┤\n}\n",
        "go",
    )


def test_line_ends_are_the_documents() -> None:
    check_ghost("def f(a):\r\n    ¦\r\n", "b = a\n    return b\n\nx", "def f(a):\r\n    ├b = a\r\n    return b┤\r\n")


def test_a_finished_line_gets_nothing() -> None:
    assert ghost("x = 1¦\n", "\ny = 2\n") == "none: nothing to add"


def test_the_line_above_is_not_repeated() -> None:
    assert ghost("total = 0\n¦\n", "total = 0") == "none: repeats the line above"


def test_the_line_below_is_not_repeated() -> None:
    assert ghost("a = 1\n¦\nreturn_value = a\n", "return_value = a") == "none: repeats the line below"


def test_a_block_stops_before_the_line_that_follows() -> None:
    check_ghost(
        "def f(a):\n    ¦\n\nprint(f(1))\n",
        "b = a\n    return b\n\nprint(f(1))\n",
        "def f(a):\n    ├b = a\n    return b┤\n\nprint(f(1))\n",
    )


def test_a_loop_is_dropped() -> None:
    assert ghost("x = [¦\n", "1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2") == "none: repeats itself"


def test_what_breaks_the_syntax_is_dropped() -> None:
    assert ghost("x = 1\n¦\ny = 2\n", "def (:::") == "none: breaks the syntax"


def test_a_fence_is_taken_off() -> None:
    check_ghost("def f(a):\n    ¦\n", "```python\nreturn a\n```", "def f(a):\n    ├return a┤\n")


@pytest.mark.parametrize(
    "sentinel",
    [
        "<|endoftext|>",
        "<|fim_middle|>",
        "<fim_prefix>",
        "<fim-suffix>",
        "<[fim-middle]>",
        "<｜fim▁end｜>",
        "<file_sep>",
    ],
)
def test_a_sentinel_that_is_written_out_ends_the_text(sentinel: str) -> None:
    check_ghost("def f(a):\n    ¦\n", f"return a{sentinel}def g():\n", "def f(a):\n    ├return a┤\n")
    assert ghost("x = ¦\n", f"{sentinel}1") == "none: nothing to add"


def test_a_sentinel_that_the_document_speaks_of_is_text() -> None:
    check_ghost('pad = "<|pad|>"\nend = ¦\n', '"<|pad|>"', 'pad = "<|pad|>"\nend = ├"<|pad|>"┤\n')


def test_operators_are_no_sentinels() -> None:
    check_ghost("x = ¦\n", "a <b> c", "x = ├a <b> c┤\n", "plaintext")
    check_ghost("x = ¦\n", "f <| y |> g", "x = ├f <| y |> g┤\n", "plaintext")


def test_plain_text_completes() -> None:
    check_ghost("Dear ¦\n", "Sir or Madam,\nI", "Dear ├Sir or Madam,┤\n", "plaintext")


def test_a_comment_completes() -> None:
    check_ghost("# Return the ¦\n", "sum (of both", "# Return the ├sum (of both┤\n")


def test_numbers_and_rules_are_no_loops() -> None:
    check_ghost("limit = ¦\n", "1000000", "limit = ├1000000┤\n")
    check_ghost("mask = ¦\n", "0xFFFFFFFF", "mask = ├0xFFFFFFFF┤\n")
    check_ghost("# ¦\n", "-" * 40, f"# ├{'-' * 40}┤\n")


def test_an_early_return_may_say_what_the_last_line_says() -> None:
    check_ghost(
        "def f(x):\n    if x:\n        ¦\n    return None\n",
        "return None",
        "def f(x):\n    if x:\n        ├return None┤\n    return None\n",
    )


def test_white_space_in_a_string_is_kept() -> None:
    check_ghost(
        "package a\n\nfunc f() string {\n\t¦\n}\n",
        "s := `a\n    b`\n\treturn s\n}\n",
        "package a\n\nfunc f() string {\n\t├s := `a\n    b`\n\treturn s┤\n}\n",
        "go",
    )


def test_only_lsp_line_ends_end_a_line() -> None:
    check_ghost("def f():\n    s = 'a\u2028b'\n    ¦\n", "return s", "def f():\n    s = 'a\u2028b'\n    ├return s┤\n")


def test_a_fence_in_a_string_is_text() -> None:
    check_ghost('"""\n¦\n"""\n', "```sh", '"""\n├```sh┤\n"""\n')


def test_a_word_that_the_cursor_splits_is_replaced_whole() -> None:
    check_ghost("return fir¦st + second\n", "t + second", "return fir├t + second┤\n")
    check_ghost(
        "items.fil¦ter((x) => x.ok);\n", "a.map((x) => x.ok);", "items.fil├a.map((x) => x.ok);┤\n", "typescript"
    )
    check_ghost("total = fir¦st\n", "ewall", "total = fir├ewall┤\n")
    assert ghost("return fir¦st + second\n", "t - third") == "none: would split a word"


def test_a_bracket_that_the_rest_of_the_line_leaves_open_is_not_opened() -> None:
    before = "package a\n\nfunc f() {\n\tif err := ¦; err != nil {\n\t\treturn\n\t}\n}\n"
    assert ghost(before, 'nil; g("a") {', "go") == "none: leaves a bracket open"
    check_ghost(before, "g()", before.replace("¦", "├g()┤"), "go")


def test_a_closing_tag_stands_once() -> None:
    shown = ghost("const a = () => <div>¦</div>;\n", "<div>{name}</div>;", "typescriptreact")
    assert shown.startswith("none: ")


def test_a_block_that_the_model_cannot_see_closed_is_closed_once() -> None:
    settings = Settings(completion=CompletionSettings(suffix_tokens=0))
    before = "function f(a) {\n  ¦\n}\n"
    answer, _, model = answer_of(before, "return a;\n}\n\nfunction g() {}\n", "javascript", settings=settings)
    assert model.asks[0].hole.suffix == ""
    assert [proposal.edits[0].text for proposal in answer.proposals] == ["return a;"]


def test_indentation_of_tabs_and_spaces_is_kept_as_it_is() -> None:
    before, after = "class A {\n\tvoid f() {\n\t    if (b) {\n\t        ", "\n\t    }\n\t}\n}\n"
    check_ghost(f"{before}¦{after}", "f();\n\t        g();\n", f"{before}├f();\n\t        g();┤{after}", "java")


def test_a_body_that_is_written_at_the_level_of_its_header_is_indented() -> None:
    check_ghost("def f():\n¦\n", "x = 1\nreturn x\n", "def f():\n├    x = 1┤\n")
    check_ghost("def f():\n¦\n", "# nothing\n", "def f():\n├    # nothing┤\n")


def test_what_follows_is_known_again_in_another_format() -> None:
    check_ghost("x = foo(¦, b=[1, 2])\n", "a,b=[1,2])", "x = foo(├a┤, b=[1, 2])\n")
    check_ghost("x = ¦ + foo('a')\n", 'height + foo("a")', "x = ├height┤ + foo('a')\n")
    check_ghost("x = 1\n¦\nprint(x, 'end')\n", 'print(x,"end")', "none: repeats the line below")


def test_a_name_that_begins_like_a_closing_word_closes_nothing() -> None:
    check_ghost("def f():\n¦\n", "endpoint = 1\n", "def f():\n├    endpoint = 1┤\n")
