"""Many movements in one request: what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Sequence, Tuple

from .answers import ItemOutcome, Transaction, UnreadableAnswer, read_outcomes, read_transaction
from .errors import WalletProblem
from .exchange import AnswerFacts, to_problem
from .movements import Movement

_OUTCOME_UNKNOWN = 503


@dataclass(frozen=True)
class ListResult:
    """How one movement fared: a transaction if it was executed, a problem if it was refused.

    `replayed`: an earlier request with its ID had this outcome already.
    """

    replayed: bool
    transaction: Optional[Transaction] = None
    problem: Optional[WalletProblem] = None


def read_results(movements: Sequence[Movement], body: object, facts: AnswerFacts) -> Tuple[ListResult, ...]:
    """Raises as long as one outcome is not known, so that the list is sent again."""
    outcomes = read_outcomes(body, len(movements))
    unknown = sum(each.status == _OUTCOME_UNKNOWN for each in outcomes)
    if unknown > 0:
        raise UnreadableAnswer(f"the outcome of {unknown} of {len(movements)} movements was not known")
    return tuple(_to_result(outcome, movement, facts) for outcome, movement in zip(outcomes, movements))


def _to_result(outcome: ItemOutcome, movement: Movement, facts: AnswerFacts) -> ListResult:
    if outcome.status != 200:
        problem = to_problem(outcome.status, outcome.body, facts, movement.transaction_id, is_write=True)
        return ListResult(outcome.replayed, problem=problem)
    transaction = read_transaction(outcome.body)
    if transaction.transaction_id != movement.transaction_id:
        raise UnreadableAnswer("a result is of another movement")
    return ListResult(outcome.replayed, transaction=transaction)
