"""What can go wrong while measuring, each with a text for the user: what is wrong, and what to do."""

from __future__ import annotations


class EvaluationError(Exception):
    """A measurement cannot be made or go on."""


class TasksError(EvaluationError):
    """A task file cannot be used."""


class RecordsError(EvaluationError):
    """A file of records or results cannot be used."""


class HistoryError(EvaluationError):
    """A repository cannot be replayed."""


class ReportError(EvaluationError):
    """A report cannot be made."""


class PeerMissing(EvaluationError):
    """Something to compare with is not on this machine."""
