"""What looks like a key is never proposed."""

from __future__ import annotations

import time

import pytest
from ghost import check_ghost

from midspan.completion.secrets import holds_secret

# Made up here, and cut in two so that no scanner of repositories takes them for real ones.
SECRETS = [
    'key = "AKIA' + 'IOSFODNN7EXAMPLE"',
    "token = 'ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'",
    "glpat-" + "abcdefghij1234567890",
    "xoxb-" + "123456789012-abcdefghijkl",
    "AIza" + "SyA1234567890abcdefghijklmnopqrstuv",
    "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "sk-proj-" + "abcdefghijklmnopqrstuvwxyz0123",
    "-----BEGIN RSA PRIVATE" + " KEY-----\nMIIE",
    "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcdefghij",
    'url = "postgres://admin:' + 'hunter2secret@db.example.com/app"',
    'password = "' + 'x7Kq9mP2vL"',
    "API_KEY: '" + "9f8e7d6c5b4a'",
]
HARMLESS = [
    "token = os.environ['API_TOKEN']",
    'password = "changeme"',
    'password = input("Password: ")',
    'secret = ""',
    "return self.token",
    'url = "https://user@example.com/path"',
    'url = f"postgres://{user}:{password}@{host}/db"',
    "api_key = settings.api_key",
    "tokens = tokenizer.encode(text)",
    "-----BEGIN CERTIFICATE-----",
    "sk-learn",
]


@pytest.mark.parametrize("text", SECRETS)
def test_keys_are_known(text: str) -> None:
    assert holds_secret(text, "")
    assert holds_secret(text[5:], "x = 1\n" + text[:5])


@pytest.mark.parametrize("text", HARMLESS)
def test_code_about_keys_is_no_key(text: str) -> None:
    assert not holds_secret(text, "")


def test_what_the_line_holds_already_is_not_the_proposals_fault() -> None:
    assert not holds_secret(")", SECRETS[0])


def test_lone_surrogates_are_no_problem() -> None:
    assert not holds_secret("a\ud800b", "c\udfff")
    assert holds_secret("\ud800" + SECRETS[0], "\ud800")


def test_no_text_makes_it_slow() -> None:
    began = time.perf_counter()
    for text in ("a" * 100_000, "password=" * 20_000, "://a:" * 20_000, '"' + "1a" * 50_000):
        holds_secret(text, "")
    assert time.perf_counter() - began < 5


def test_it_is_dropped() -> None:
    check_ghost("import os\npassword = ¦\n", '"x7Kq9mP2vL"\n', "none: looks like a secret")
    check_ghost("import os\npassword = ¦\n", 'os.environ["X"]\n', 'import os\npassword = ├os.environ["X"]┤\n')
