"""What a run would do, told without doing it: what each stage would read and replace, and whether it would run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from recsys.faults import Fault, MissingTable
from recsys.night import Night
from recsys.runs.decision import Decision, basis, decide
from recsys.runs.ledger import Ledger
from recsys.runs.parts import Part, State, day_of
from recsys.runs.stage import Stage

_NAME = 34  # letters of a part with its day


@dataclass
class Forecast:
    """The forecast of the stages of one run, in their order. `fault` is the first that would end it."""

    night: Night
    ledger: Ledger
    force: bool = False
    lines: list[str] = field(default_factory=list)
    fault: Fault | None = None
    _made: dict[str, str] = field(default_factory=dict)  # the stage that would make a part, by the label of the part

    @classmethod
    def of(cls, stages: Sequence[Stage], night: Night, ledger: Ledger, force: bool) -> Forecast:
        forecast = cls(night, ledger, force, [f"What would be done for {night.ds}; nothing is started, and nothing is written."])
        for stage in stages:
            forecast._tell(stage)
        return forecast

    def __str__(self) -> str:
        return "\n".join(self.lines) + "\n"

    def _tell(self, stage: Stage) -> None:
        reads, writes = stage.reads_on(self.night), stage.writes_on(self.night)
        try:
            told = [f"  reads     {label:<{_NAME}}  {self._read(stage, label, part)}" for label, part in reads.items()]
            told += [f"  {part.verb:<8}  {label:<{_NAME}}  {self._now(label, part)}" for label, part in writes.items()]
            decision = self._decision(stage)
        except Fault as fault:
            self.fault = self.fault or fault
            self.lines += ["", f"{stage.name} would fail: {fault}"]
            return
        if decision.made:
            made = decision.made
            verdict = f"would be skipped: made {made.started:%Y-%m-%d %H:%M} UTC by run {made.run_id} from the same"
        else:
            verdict = f"would run, since {decision.why}"
            self._made.update({label: stage.name for label in writes})
        self.lines += ["", f"{stage.name} {verdict}", *told]

    def _decision(self, stage: Stage) -> Decision:
        anew = next((label for label in stage.reads_on(self.night) if label in self._made), None)
        if anew and not self.force:
            return Decision(f"{self._made[anew]} would make {anew} anew")
        return decide(stage, self.night, basis(stage, self.night), self.ledger, self.force)

    def _read(self, stage: Stage, label: str, part: Part) -> str:
        state, maker = part.state(self.night), self._made.get(label)
        if maker:
            return f"as {maker} will have made it; now {self._size(label, part, state)}"
        if state is None and part.needed:
            self._misses(stage, label, part)
        return self._size(label, part, state)

    def _misses(self, stage: Stage, label: str, part: Part) -> None:
        day = day_of(part, self.night) or self.night.ds
        fault = MissingTable(f"{stage.name} reads {label}, which is not there. Run jobs/{part.made_by}.py --ds {day} first.")
        self.fault = self.fault or fault

    def _now(self, label: str, part: Part) -> str:
        return self._size(label, part, part.state(self.night))

    def _size(self, label: str, part: Part, state: State | None) -> str:
        if state is None:
            return "not there"
        rows = self.ledger.rows_of(label, state.fingerprint)
        rows = part.count(self.night) if rows is None else rows
        return state.about or "there" if rows is None else f"{rows:,} rows"
