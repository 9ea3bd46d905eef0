"""Rows of the result: a number, what was aimed at, and whether it got there; as a plain table and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Aim:
    """At least (`least`) or at most `number`; `better` is what is hoped for beyond it."""

    number: float
    least: bool = False
    better: float | None = None

    def judge(self, value: float) -> str:
        met = self._met(value, self.number)
        if met and self.better is not None and not self._met(value, self.better):
            return f"met, not yet {self.better:g}"
        return "met" if met else "FALLS SHORT"

    def __str__(self) -> str:
        hoped = f", better {self.better:g}" if self.better is not None else ""
        return f"{'>=' if self.least else '<='} {self.number:g}{hoped}"

    def _met(self, value: float, number: float) -> bool:
        return value >= number if self.least else value <= number


@dataclass(frozen=True)
class Row:
    """One line of the table. `spread` is the smallest and the largest of what `value` was taken from."""

    what: str
    value: float
    unit: str
    aim: Aim | None = None
    spread: tuple[float, float] | None = None
    note: str = ""

    def cells(self) -> tuple[str, ...]:
        judged = self.aim.judge(self.value) if self.aim else ""
        spread = f"{figure(self.spread[0])} … {figure(self.spread[1])}" if self.spread else ""
        notes = ", ".join(part for part in (judged, self.note) if part)
        return (self.what, figure(self.value), self.unit, spread, str(self.aim or ""), notes)

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "verdict": self.aim.judge(self.value) if self.aim else None}


HEADINGS = ("", "value", "unit", "spread", "aim", "")
RIGHT = {1, 3}  # columns of numbers


def render(rows: Iterable[Row]) -> str:
    """The table as text, its columns aligned."""
    lines: Sequence[tuple[str, ...]] = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if at in RIGHT else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def figure(number: float) -> str:
    """With as many digits as mean something: 12,345   123   12.3   0.812."""
    if abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if abs(number) >= 10 else f"{number:.2f}"


def percentile(numbers: Sequence[float], percent: float) -> float:
    """The smallest of the numbers that so many percent of them do not exceed."""
    return sorted(numbers)[max(0, math.ceil(len(numbers) * percent / 100) - 1)]


def spread(numbers: Sequence[float]) -> tuple[float, float]:
    return min(numbers), max(numbers)
