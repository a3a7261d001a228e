"""A pygls server that does nothing but start: what `midspan serve` is compared with."""

from __future__ import annotations

from pygls.lsp.server import LanguageServer

if __name__ == "__main__":
    LanguageServer("bare", "0").start_io()
