"""What the cases found, and the table that is printed of them."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields


@dataclass(frozen=True)
class Finding:
    """One fault: when it was injected, what was observed, and whether that is the stated outcome."""

    fault: str
    injected: str
    observed: str
    lost_rows: int
    duplicated_rows: int
    seconds_to_recover: float | None  # from the fault to tables that equal those of an undisturbed run
    as_stated: bool

    def __str__(self) -> str:
        return " | ".join(self.cells())

    def cells(self) -> list[str]:
        *words, seconds, good = astuple(self)
        return [*map(str, words), "" if seconds is None else f"{seconds:.0f}", "yes" if good else "NO"]


def table(findings: list[Finding]) -> str:
    """The findings as a Markdown table."""
    head = [field.name.replace("_", " ") for field in fields(Finding)]
    lines = [head, ["---"] * len(head), *(finding.cells() for finding in findings)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
