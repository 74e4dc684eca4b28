"""Demo: the summary: a table on stdout, or JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from twinledger.cli.demo.compare import EntityResult
from twinledger.cli.output import Form, print_record, print_rows, say

__all__ = ["Outcome", "print_outcome"]

_SHOWN_DIFFERENCES = 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the demo found."""

    seconds: float
    broker: str
    database: str
    results: Sequence[EntityResult]
    conflicts: Sequence[Mapping[str, Any]]
    dead_letters: Sequence[Mapping[str, Any]]
    questions: Sequence[Mapping[str, Any]]

    @property
    def equal(self) -> bool:
        return all(result.equal for result in self.results)

    def as_record(self) -> dict[str, Any]:
        return {
            "equal": self.equal,
            "seconds": round(self.seconds, 1),
            "broker": self.broker,
            "database": self.database,
            "entities": [_row(result) for result in self.results],
            "conflicts": list(self.conflicts),
            "dead_letters": list(self.dead_letters),
            "questions": list(self.questions),
            "unequal": [asdict(each) for result in self.results for each in result.differences],
        }


def print_outcome(outcome: Outcome, form: Form) -> None:
    if form is not Form.table:
        print_record(outcome.as_record(), form)
        return
    print_rows([_row(result) for result in outcome.results], form)
    for conflict in outcome.conflicts:
        say(_conflict_line(conflict))
    differences = [each for result in outcome.results for each in result.differences]
    for each in differences[:_SHOWN_DIFFERENCES]:
        say(f"unequal: {each.entity} {each.key} {each.field}: {each.freshbooks!r} in FreshBooks, {each.zoho}")
    for letter in outcome.dead_letters:
        say(f"dead letter: {letter['reason']} ({letter['message']}); try: twinledger dlq show {letter['id']}")
    for asked in outcome.questions:
        say(f"question: {asked['kind']} of {asked['subject']}; try: twinledger review show {asked['id']}")
    verdict = "both sides are equal" if outcome.equal else f"{len(differences)} differences"
    say(f"\n{verdict} after {outcome.seconds:.1f} s on {outcome.broker} and {outcome.database}")


def _row(result: EntityResult) -> dict[str, Any]:
    return {
        "entity": result.entity,
        "freshbooks": result.freshbooks,
        "zoho": result.zoho,
        "equal": result.equal,
    }


def _conflict_line(conflict: Mapping[str, Any]) -> str:
    winner, loser = conflict["winner"], conflict["loser"]
    return (
        f"conflict: {conflict['entity_type']}.{conflict['field']} ({conflict['policy']}):"
        f" {winner['value']!r} from {winner['writer']} won over {loser['value']!r} from {loser['writer']}"
    )
