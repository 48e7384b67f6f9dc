"""What a session used and what that costs, as a line on the terminal."""

from __future__ import annotations

from engine.realtime.notices import UsageTotal


def usage_line(total: UsageTotal) -> str:
    """Return the line for a running total, or the longer one for the last; nothing where nothing was paid.

    Example:
        >>> usage_line(total)
        '  (0.0123 USD so far)'
    """
    if not total.final:
        return f"  ({_money(total)} so far)" if total.cost else ""
    tokens = f"{total.input_tokens + total.output_tokens} tokens" if total.input_tokens or total.output_tokens else ""
    cached = f"{total.cached_tokens} of them cached" if total.cached_tokens else ""
    answers = "1 answer" if total.responses == 1 else f"{total.responses} answers"
    parts = [f"{answers}, {total.answers_s:.1f} s", tokens, cached]
    if total.transcribed_s:
        parts.append(f"{total.transcribed_s:.1f} s transcribed")
    if total.cost is not None:
        parts.append(f"{_money(total)} by {total.prices}")
    return f"Usage: {', '.join(part for part in parts if part)}."


def _money(total: UsageTotal) -> str:
    amount = f"{total.cost or 0.0:.4f} {total.currency}"
    budget = f" of {total.budget:g}" if total.budget is not None else ""
    return f"{'' if total.complete else 'at least '}{'about ' if total.estimated else ''}{amount}{budget}"
