"""What editors send as settings → overrides."""

from __future__ import annotations

import pytest

from midspan.server.settings import EditorSettings, own_part, section_part

OWN = {"completion": {"enabled": False}}


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (None, {}),
        ([], {}),
        ("x", {}),
        ({}, {}),
        ({"midspan": OWN}, OWN),
        (OWN, OWN),
        ({"midspan": None}, {}),
        ({"midspan": []}, {}),
        ({"http": {"proxy": None}, "telemetry": {}, "github": {"copilot": {}}}, {}),
        ({"http": {"proxy": "x"}, **OWN}, OWN),
        ({"editorInfo": {"name": "vim"}, "midspan": {"typo": 1}}, {"typo": 1}),
        ({"midspan.completion.enabled": False}, OWN),
        ({"midspan": {"completion.enabled": False}}, OWN),
        ({"midspan": {"completion": {"enabled": False, "deadline_ms": None}}}, OWN),
    ],
)
def test_own_part(sent: object, expected: object) -> None:
    assert own_part(sent) == expected


@pytest.mark.parametrize(("sent", "expected"), [(None, {}), ([], {}), (OWN, OWN)])
def test_section_part(sent: object, expected: object) -> None:
    assert section_part(sent) == expected


def test_later_ways_win_key_by_key() -> None:
    settings = EditorSettings(
        initial={"completion": {"enabled": True, "kind": "line"}, "host": {"threads": 1}},
        pushed={"completion": {"enabled": False}},
        pulled={"host": {"threads": 2}},
    )
    assert settings.merged() == {"completion": {"enabled": False, "kind": "line"}, "host": {"threads": 2}}
