"""What became of the mutants, and what is said of those that survive."""

import multiprocessing.process
import tomllib
from dataclasses import dataclass
from pathlib import Path

from mutate import Mutant

from refws.clauses.ledger import Clause

SCHEMA = "refws-mutants/1"


@dataclass
class Trial:
    """A mutant of one statement, to be tried with the tests of one clause.

    The control is the module as it is, without comments: the tests have to pass, or what they notice means nothing.
    """

    clause: Clause
    place: str
    path: Path
    mutant: Mutant
    tests: list[str]
    outcome: str = "untried"
    is_control: bool = False
    process: multiprocessing.process.BaseProcess | None = None
    deadline: float = 0.0

    @property
    def counts(self) -> bool:
        """Whether it says anything of the tests."""
        return not self.is_control and self.outcome != "invalid"

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What an explanation goes by: the clause, the place, what it was and what it is now."""
        return self.clause.name, self.place, self.mutant.was, self.mutant.now


def outcome_of(exit_code: int | None) -> str:
    # 1: a test failed. 0: all passed. Anything else: they could not run.
    return {0: "survived", 1: "killed"}.get(exit_code if exit_code is not None else -1, "invalid")


@dataclass
class Score:
    """What became of the mutants of each clause."""

    found: list[Trial]
    explanations: dict[tuple[str, str, str, str], str]

    def survivors(self, clause: Clause) -> list[tuple[Trial, str]]:
        """The mutants that no test of the clause noticed, each with its explanation, or an empty one."""
        survived = [trial for trial in self.of(clause) if trial.outcome == "survived"]
        return [(trial, self.explanations.get(trial.key, "")) for trial in survived]

    def of(self, clause: Clause) -> list[Trial]:
        return [trial for trial in self.found if trial.clause is clause and trial.counts]

    def report(self, clauses: list[Clause]) -> dict[str, object]:
        """``reports/mutants.json``."""
        scores, survivors = {}, []
        for clause in clauses:
            killed = sum(trial.outcome == "killed" for trial in self.of(clause))
            scores[clause.name] = {"mutants": len(self.of(clause)), "killed": killed}
            survivors += [
                {
                    "clause": clause.name,
                    "place": trial.place,
                    "was": trial.mutant.was,
                    "now": trial.mutant.now,
                    "why": why,
                }
                for trial, why in self.survivors(clause)
            ]
        return {"schema": SCHEMA, "clauses": scores, "survivors": survivors}

    def complaints(self, clauses: list[Clause], *, all_tried: bool) -> list[str]:
        """What fails the run, a line each."""
        lines = []
        for trial in self.found:
            if trial.is_control and trial.outcome != "survived":
                lines.append(f"{trial.clause.name}: its tests fail without any mutant in {trial.path.name}")
        for clause in clauses:
            if not any(trial.outcome == "killed" for trial in self.of(clause)):
                lines.append(f"{clause.name}: no mutant of the lines that cite it is noticed by a test with its marker")
            for trial, why in self.survivors(clause):
                if not why:
                    lines.append(
                        f"{clause.name}: {trial.place}: `{trial.mutant.was}` as `{trial.mutant.now}` is not noticed"
                    )
        if all_tried:
            survived = {trial.key for clause in clauses for trial, _ in self.survivors(clause)}
            stale = self.explanations.keys() - survived
            lines += [
                f"survivors.toml explains a mutant that does not survive: {' | '.join(key)}" for key in sorted(stale)
            ]
        return lines


def explained(text: str) -> dict[tuple[str, str, str, str], str]:
    """The survivors that somebody has looked at, and why no test can notice them: what ``survivors.toml`` says."""
    entries = tomllib.loads(text).get("survivor", [])
    return {(e["clause"], e["place"], e["was"], e["now"]): e["why"] for e in entries}
