"""The editor's completion popup: a proposal has to extend the entry that is highlighted in it.

LSP 3.18, "SelectedCompletionInfo": the items must use the entry's range and begin with its text.
"""

from __future__ import annotations

from dataclasses import replace

from .ask import Edit, Proposal, Request


def with_selected(request: Request) -> Request:
    """Return the request as it would be once the highlighted entry were taken."""
    selected = request.selected
    if selected is None:
        return request
    document = request.document.replace(selected.start, selected.end, selected.text)
    return replace(request, document=document, offset=selected.start + len(selected.text))


def extending_selected(proposals: tuple[Proposal, ...], request: Request) -> tuple[Proposal, ...]:
    """Return the proposals, made for `with_selected(request)`, as edits of the request's own document."""
    selected = request.selected
    if selected is None:
        return proposals
    grown = len(selected.text) - (selected.end - selected.start)
    return tuple(
        replace(
            proposal,
            edits=tuple(
                Edit(selected.start, max(selected.end, edit.end - grown), selected.text + edit.text)
                for edit in proposal.edits
            ),
        )
        for proposal in proposals
    )
