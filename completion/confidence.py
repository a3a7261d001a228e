"""How sure a proposal has to be so that, of those shown, the wanted share is exactly right.

A model's own probability of the whole text is a good measure of that: among its texts with a probability of about p,
about p were exactly right (docs/models.md has the curve, and how it was made).
"""

from __future__ import annotations

from .settings import CompletionSettings

_LEAST = ((0.2, 0.0), (0.25, 0.003), (0.3, 0.02), (0.4, 0.075), (0.5, 0.2), (0.6, 0.35), (0.7, 0.52), (0.8, 0.75))
"""For a share of right ones, the least probability: of the default model in 314 holes of public task sets."""
_LOW_PRECISION = 0.3
"""Who wants little (`completion.eagerness`) wants what is likely right."""


def least_probability(settings: CompletionSettings) -> float:
    """Return the probability below which nothing is shown while typing; interpolated between measured points."""
    wanted = max(settings.precision, _LOW_PRECISION if settings.eagerness == "low" else 0.0)
    below = (0.0, 0.0)
    for precision, least in _LEAST:
        if wanted <= precision:
            share = (wanted - below[0]) / (precision - below[0])
            return below[1] + share * (least - below[1])
        below = precision, least
    return below[1]
