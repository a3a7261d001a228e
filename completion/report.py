"""An answer as the documented JSON: what `complete --json` prints and the editor's "why" shows.

The keys are stable; more may be added. Ranges are 0-based and count UTF-16 units, as in LSP.
"""

from __future__ import annotations

from ..context.document import Document
from .ask import Edit, Proposal
from .complete import Answer
from .trace import Trace
from .why import in_words

_MOST_CONSIDERED = 40
STEPS = ("context", "prompt", "first_token", "model", "shape", "rank", "total")


def as_json(answer: Answer, document: Document) -> dict[str, object]:
    """Return the answer to a request in ``document`` as plain lists and dictionaries."""
    trace = answer.trace
    return {
        "items": [_item(proposal, document) for proposal in answer.proposals],
        "model": trace.model,
        "backend": trace.backend,
        "source": trace.source,
        "verdict": trace.verdict,
        "why": in_words(answer),
        "timing_ms": {step: round(milliseconds, 2) for step, milliseconds in steps_of(trace).items()},
        "tokens": {
            "prompt": trace.usage.prompt_tokens,
            "reused": trace.usage.reused_tokens,
            "generated": trace.usage.generated_tokens,
            "shortened": trace.usage.is_shortened,
            "wasted": trace.usage.wasted_tokens,
        },
        "context": _context(trace),
        "dropped": [{"text": dropped.text, "why": dropped.why} for dropped in trace.dropped],
        "error": str(trace.error) if trace.error is not None else None,
    }


def steps_of(trace: Trace) -> dict[str, float]:
    """Return the milliseconds of each of the `STEPS`; of the prompt, what the model server says."""
    known = trace.timing_ms | {"prompt": trace.usage.prompt_ms}
    return {step: known.get(step, 0.0) for step in STEPS}


def _context(trace: Trace) -> list[dict[str, object]]:
    """Return what was considered of other files, best first, without its text."""
    considered = trace.gathered.considered if trace.gathered is not None else ()
    return [
        {
            "source": one.candidate.source,
            "path": one.candidate.path,
            "line": one.candidate.line,
            "score": round(one.candidate.score, 3),
            "why": one.candidate.why,
            "verdict": one.verdict,
        }
        for one in considered[:_MOST_CONSIDERED]
    ]


def _item(proposal: Proposal, document: Document) -> dict[str, object]:
    edit = proposal.edits[0]
    return {
        "text": edit.text,
        "range": _range(edit, document),
        "score": None if proposal.score is None else round(proposal.score, 4),
        "probability": None if proposal.probability is None else round(proposal.probability, 6),
        "kind": proposal.kind.value,
        "id": proposal.id,
    }


def _range(edit: Edit, document: Document) -> dict[str, object]:
    start, end = document.position_at(edit.start), document.position_at(edit.end)
    return {
        "start": {"line": start.line, "character": start.character},
        "end": {"line": end.line, "character": end.character},
    }
