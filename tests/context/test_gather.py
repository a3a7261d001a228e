"""What is gathered from a workspace: the right pieces, within the budget, steadily, and nothing that is excluded."""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from workspaces import indexed, place_in, write_files

from midspan.context.exclusions import is_excluded
from midspan.context.gather import SOURCES, Gathered, Gatherer
from midspan.context.library import Library
from midspan.context.snippet import Budget
from midspan.context.workspace import Workspace

ALL = tuple(SOURCES)
BUDGET = Budget(512, 60_000)
CART = '''\
class Cart:
    """A cart."""

    def add_line(self, sku: str, quantity: int) -> None:
        self.lines.append((sku, quantity))

    def checkout_total(self) -> float:
        return 1.0
'''
SHOP = {
    "shop/cart.py": CART,
    "shop/tax.py": "VAT_RATE = 0.19\n\n\ndef with_vat(amount: float) -> float:\n    return amount * (1 + VAT_RATE)\n",
    "shop/other.py": "def unrelated(): pass\n",
    "lib/geometry.h": "#define PI_HALF 1.57\ndouble circle_area(double radius);\n",
}
CREATE = """\
def handle_create_invoice(request, database):
    payload = parse_payload(request)
    validate_invoice(payload)
    record = database.insert_invoice(payload)
    return respond_json(record)
"""
UPDATE = """\
def handle_update_invoice(request, database):
    payload = parse_payload(request)
    validate_invoice(payload)
    ¦
"""


def gathered(
    tmp_path: Path, path: str, marked: str, files: dict[str, str] = SHOP, sources: tuple[str, ...] = ALL, **opened: str
) -> Gathered:
    library = indexed(write_files(tmp_path / "project", files), tmp_path / "index.sqlite")
    cursor, workspace = place_in(
        library, path, marked, {name.replace("__", "/") + ".py": text for name, text in opened.items()}
    )
    return Gatherer().gather(cursor, workspace, sources, BUDGET)


def text_of(found: Gathered, path: str) -> str:
    return "\n".join(one.text for one in found.snippets if one.path == path)


def test_definitions_of_what_is_imported(tmp_path: Path) -> None:
    found = gathered(
        tmp_path, "shop/order.py", "from .cart import Cart\nfrom .tax import with_vat\n\n\ndef order():\n    c¦\n"
    )
    assert "class Cart:" in text_of(found, "shop/cart.py")
    assert "def with_vat(amount: float) -> float:" in text_of(found, "shop/tax.py")
    assert text_of(found, "shop/other.py") == ""


def test_members_of_the_class_of_a_name(tmp_path: Path) -> None:
    found = gathered(
        tmp_path, "shop/order.py", "from .cart import Cart\n\n\ndef order():\n    cart = Cart()\n    cart.¦\n"
    )
    text = text_of(found, "shop/cart.py")
    assert "def add_line(self, sku: str, quantity: int) -> None" in text
    assert "def checkout_total(self) -> float" in text


def test_what_an_included_file_defines(tmp_path: Path) -> None:
    found = gathered(tmp_path, "lib/main.c", '#include "geometry.h"\n\ndouble area(double radius) {\n    return ¦\n}\n')
    assert "double circle_area(double radius);" in text_of(found, "lib/geometry.h")


def test_a_file_is_seen_as_it_is_in_the_editor(tmp_path: Path) -> None:
    found = gathered(
        tmp_path,
        "shop/order.py",
        "from .tax import with_vat, with_discount\n\nx = ¦\n",
        shop__tax="def with_discount(amount: float, percent: float) -> float:\n    return amount\n",
    )
    assert "def with_discount(amount: float, percent: float)" in text_of(found, "shop/tax.py")
    assert "VAT_RATE" not in text_of(found, "shop/tax.py")


def test_similar_lines(tmp_path: Path) -> None:
    found = gathered(tmp_path, "web/update.py", UPDATE, {**SHOP, "web/create.py": CREATE}, ("similar",))
    assert "database.insert_invoice(payload)" in text_of(found, "web/create.py")


def test_the_document_itself_and_what_is_seen_already_are_left_out(tmp_path: Path) -> None:
    text = SHOP["shop/tax.py"]
    found = gathered(tmp_path, "shop/tax.py", text + "¦", {**SHOP, "shop/copy.py": text})
    assert all(one.path != "shop/tax.py" for one in found.snippets)
    assert any(one.verdict == "is seen already" for one in found.considered)
    assert text_of(found, "shop/copy.py") == ""


def test_a_budget_is_kept_and_the_best_comes_first(tmp_path: Path) -> None:
    library = indexed(write_files(tmp_path / "project", SHOP), tmp_path / "index.sqlite")
    cursor, workspace = place_in(
        library, "shop/order.py", "from .cart import Cart\nfrom .tax import with_vat\n\nwith_vat(Cart().¦"
    )
    everything = Gatherer().gather(cursor, workspace, ALL, BUDGET)
    for tokens in (0, 20, 60, 120):
        found = Gatherer().gather(cursor, workspace, ALL, Budget(tokens, 60_000))
        assert sum(len(one.text) for one in found.snippets) / 3 <= tokens
        assert len(found.snippets) <= len(everything.snippets)
    assert Gatherer().gather(cursor, workspace, (), BUDGET) == Gathered()
    assert Gatherer().gather(cursor, None, ALL, BUDGET) == Gathered()
    known_already = Gatherer().gather(cursor, workspace, ALL, Budget(512, -1.0))
    assert known_already.snippets == everything.snippets
    fresh = Workspace.of(Library(library.folder, index=library.index), workspace.path)
    assert Gatherer().gather(cursor, fresh, ALL, Budget(512, -1.0)).snippets == ()


def test_what_is_shown_stays_while_one_types(tmp_path: Path) -> None:
    files = {f"shop/part_{n}.py": f"def part_{n}(value: int) -> int:\n    return value + {n}\n" for n in range(30)}
    library = indexed(write_files(tmp_path / "project", files), tmp_path / "index.sqlite")
    imports = "".join(f"from .part_{n} import part_{n}\n" for n in range(30))
    gatherer, typed = Gatherer(), "total = part_3(1) + part_4(2) + part_5(3)"
    seen = []
    for end in range(len(typed)):
        cursor, workspace = place_in(library, "shop/all.py", f"{imports}\n{typed[:end]}¦")
        seen.append(gatherer.gather(cursor, workspace, ALL, Budget(128, 60_000)).snippets)
    changes = sum(one != other for one, other in pairwise(seen))
    assert seen[-1]
    assert changes <= 4
    anew = Gatherer().gather(cursor, workspace, ALL, Budget(128, 60_000))
    gatherer.forget(cursor.document.uri)
    assert gatherer.gather(cursor, workspace, ALL, Budget(128, 60_000)).snippets == anew.snippets


def test_a_repository_that_is_deleted_under_our_feet(tmp_path: Path) -> None:
    library = indexed(write_files(tmp_path / "project", SHOP), tmp_path / "index.sqlite")
    cursor, workspace = place_in(library, "shop/order.py", "from .cart import Cart\n\nCart().¦")
    assert Gatherer().gather(cursor, workspace, ALL, BUDGET).snippets
    shutil.rmtree(tmp_path / "project")
    assert Gatherer().gather(cursor, workspace, ALL, BUDGET).snippets == ()
    (tmp_path / "index.sqlite").unlink()
    assert Gatherer().gather(cursor, workspace, ALL, BUDGET).snippets == ()


NAMES = ("alpha", "beta", "gamma")
FOLDERS = ("", "src/", "src/inner/", "other/")
IGNORES = st.sampled_from(
    ["alpha.py", "src/", "/beta.py", "*.py\n!gamma.py", "inner/", "other/*\n!other/beta.py", "src/inner/alpha.py"]
)


@pytest.mark.fuzz
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ignores=st.dictionaries(
        st.tuples(st.sampled_from(["", "src/"]), st.sampled_from([".gitignore", ".midspanignore", ".aiignore"])),
        IGNORES,
        max_size=3,
    ),
    patterns=st.lists(st.sampled_from(["beta.py", "src/inner/"]), max_size=1),
    is_late=st.booleans(),
    secret=st.sampled_from(["credentials", "id_rsa", ".env", "secrets.yaml"]),
)
def test_nothing_that_is_excluded_is_gathered(
    tmp_path_factory: pytest.TempPathFactory,
    ignores: dict[tuple[str, str], str],
    patterns: list[str],
    is_late: bool,
    secret: str,
) -> None:
    folder = tmp_path_factory.mktemp("excluded")
    root = folder / "project"
    paths = [f"{where}{name}.py" for where in FOLDERS for name in NAMES]
    marks = {path: f"mark_{number}_x" for number, path in enumerate(paths)}
    write_files(
        root, {path: f"def {path.rsplit('/')[-1][:-3]}_{mark}():\n    return {mark}\n" for path, mark in marks.items()}
    )
    write_files(root, {secret: "mark_secret_x"})
    (root / "link.py").symlink_to(root / "alpha.py")
    write_ignores = {where + name: text + "\n" for (where, name), text in ignores.items()}
    if not is_late:
        write_files(root, write_ignores)
    library = indexed(root, folder / "index.sqlite", *patterns)
    write_files(root, write_ignores)
    imports = "".join(f"from {path[:-3].replace('/', '.')} import *\n" for path in paths)
    uses = " ".join(f"{path.rsplit('/')[-1][:-3]}_{mark} {mark}" for path, mark in marks.items())
    opened = {path: (root / path).read_text() for path in paths[:6]}
    cursor, workspace = place_in(library, "new.py", f"{imports}\n# {uses}\n¦", opened)
    found = Gatherer().gather(cursor, workspace, ALL, Budget(30_000, 60_000))
    shown = "\n".join(one.text for one in found.snippets) + repr(found.considered)
    for path, mark in marks.items():
        if is_excluded(root, path, patterns):
            assert mark not in shown
            assert is_late or mark.encode() not in (folder / "index.sqlite").read_bytes()
    assert "mark_secret_x" not in shown
    library.close()
    shutil.rmtree(folder)


def test_the_sibling_of_a_test_and_of_a_header(tmp_path: Path) -> None:
    files = {
        "src/cart.py": CART,
        "tests/other.py": "x = 1\n",
        "lib/shape.h": "double shape_area(double width);\n",
        "src/app.ts": "export function startApp(port: number): void {}\n",
    }
    marked = {
        "tests/test_cart.py": ("def test_total():\n    ¦\n", "src/cart.py", "def checkout_total"),
        "lib/shape.c": ("double area(void) {\n  ¦\n}\n", "lib/shape.h", "double shape_area(double width)"),
        "src/app.test.ts": ("test('it', () => {\n  ¦\n", "src/app.ts", "export function startApp(port: number)"),
    }
    library = indexed(write_files(tmp_path / "project", files), tmp_path / "index.sqlite")
    for path, (text, sibling, wanted) in marked.items():
        cursor, workspace = place_in(library, path, text)
        assert wanted in text_of(Gatherer().gather(cursor, workspace, ("sibling",), BUDGET), sibling), path


def test_the_far_parts_of_the_document_itself(tmp_path: Path) -> None:
    far = "import decimal\n\n\nclass Money:\n    def rounded_amount(self, places: int):\n        return 1.0\n\n\n"
    filler = "".join(f"value_{n} = {n}\n" for n in range(600))
    found = gathered(tmp_path, "shop/big.py", f"{far}{filler}price = Money().¦\n", sources=("own",))
    text = text_of(found, "shop/big.py")
    assert "class Money:" in text
    assert "import decimal" in text
    assert "def rounded_amount(self, places: int)" in text
    assert gathered(tmp_path, "shop/small.py", "x = ¦\n", sources=("own",)).snippets == ()


def test_pinned_files(tmp_path: Path) -> None:
    library = indexed(write_files(tmp_path / "project", SHOP), tmp_path / "index.sqlite")
    cursor, workspace = place_in(library, "shop/order.py", "x = ¦\n")
    pinned = replace(workspace, pinned=("lib/geometry.h", "../outside.py", "gone.py"))
    found = Gatherer().gather(cursor, pinned, ("pinned",), BUDGET)
    assert [one.path for one in found.snippets] == ["lib/geometry.h"]
    assert found.snippets[0].text.strip() == SHOP["lib/geometry.h"].strip()


@pytest.mark.parametrize(("name", "hides"), [(".aiignore", True), (".midspanignore", True), (".gitignore", False)])
def test_a_document_that_no_model_may_see(tmp_path: Path, name: str, hides: bool) -> None:
    root = write_files(tmp_path / "project", {**SHOP, name: "order.py\n"})
    library = indexed(root, tmp_path / "index.sqlite")
    _, workspace = place_in(library, "shop/order.py", "x = ¦\n")
    assert workspace.hides_document is hides
    other = indexed(root, tmp_path / "index.sqlite", "shop/")
    assert place_in(other, "shop/order.py", "x = ¦\n")[1].hides_document
