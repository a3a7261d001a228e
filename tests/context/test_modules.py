"""Which file an import may mean."""

from __future__ import annotations

import pytest

from midspan.context.modules import may_mean, stem_of, stems


@pytest.mark.parametrize(
    ("module", "path", "importer"),
    [
        ("a.b", "src/a/b.py", "x.py"),
        ("a.b.Name", "a/b.py", "x.py"),
        ("a", "a/__init__.py", "x.py"),
        (".b", "a/b.py", "a/x.py"),
        ("..c.b", "c/b.py", "a/x.py"),
        (".", "a/__init__.py", "a/x.py"),
        ("./b", "a/b.ts", "a/x.ts"),
        ("./b.js", "a/b.ts", "a/x.ts"),
        ("../lib/b", "lib/b/index.js", "a/x.js"),
        ("..", "a/index.ts", "a/b/x.ts"),
        ("shapes/circle.h", "include/shapes/circle.h", "src/main.c"),
        ("circle.h", "src/circle.h", "src/main.c"),
        ("crate::shapes::Circle", "src/shapes.rs", "src/main.rs"),
        ("crate::shapes", "src/shapes/mod.rs", "src/main.rs"),
        ("com.acme.shop.Cart", "src/main/java/com/acme/shop/Cart.java", "X.java"),
        ("github.com/acme/shop/cart", "cart/cart.go", "main.go"),
        ("Acme\\Shop\\Cart", "src/Acme/Shop/Cart.php", "x.php"),
        ("json.loads", "json.py", "x.py"),
    ],
)
def test_it_may(module: str, path: str, importer: str) -> None:
    assert may_mean(module, path, importer)


@pytest.mark.parametrize(
    ("module", "path", "importer"),
    [
        ("a.b", "a/c.py", "x.py"),
        (".b", "c/b.py", "a/x.py"),
        ("./b", "c/b.ts", "a/x.ts"),
        ("...b", "b.py", "a/x.py"),
        ("../../../b", "b.ts", "a/x.ts"),
        ("", "a.py", "x.py"),
        ("circle.h", "src/xcircle.h", "src/main.c"),
        ("os", "docs/os/notes.py", "x.py"),
    ],
)
def test_it_may_not(module: str, path: str, importer: str) -> None:
    assert not may_mean(module, path, importer)


def test_a_name_in_a_module_is_not_the_module_itself() -> None:
    assert may_mean("a.b.Name", "a/b.py", "x.py")
    assert not may_mean("a.b.Name", "a/b.py", "x.py", exactly=True)


def test_by_what_name_a_file_is_asked_for() -> None:
    assert [stem_of(path) for path in ("a/b.py", "a/__init__.py", "lib/x/index.ts", "b.test.ts", "__init__.py")] == [
        *("b", "a", "x", "b", "__init__"),
    ]
    assert stems("a.b.C") == ["C", "b"]
    assert stems("./x/y.js") == ["y", "x"]
    assert stems("") == []
