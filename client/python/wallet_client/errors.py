"""What a call can end with instead of a result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

#: What is known of a write. NOT_EXECUTED: it surely was not, and will not be unless it is sent again. UNKNOWN: it may
#: have been. Of a read nothing is unknown.
NOT_EXECUTED = "not-executed"
UNKNOWN = "unknown"


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field; `path` is a JSON pointer."""

    path: str
    message: str


class WalletProblem(Exception):
    """The answer was no. A 422 or 412 is final for its transaction ID; after anything else the ID may be used again.

    `TRANSACTION_ID_RETIRED` and `TRANSACTION_ID_UNKNOWN` are final too, but their `outcome` is UNKNOWN: the ledger was
    restored, or the key that signed the ID was taken away, and the write may have been executed before that. Compare
    with your own records before you write it again under another ID.
    """

    def __init__(
        self,
        *,
        code: str,
        status: int,
        detail: str,
        request_id: Optional[str],
        errors: Tuple[FieldError, ...],
        transaction_id: Optional[str],
        outcome: str,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        #: What a program goes by. `UNEXPECTED_ANSWER`: what answered was not the service; a proxy, say.
        self.code = code
        #: Of HTTP.
        self.status = status
        self.detail = detail
        #: Names the request in the service's log.
        self.request_id = request_id
        #: Empty unless the code is `INVALID_REQUEST`.
        self.errors = errors
        #: `None` if the request had none.
        self.transaction_id = transaction_id
        #: `not-executed` or `unknown`.
        self.outcome = outcome


_WHY = {"deadline": "no final answer before the deadline", "unsendable": "it cannot be sent"}


class WalletUnsettled(Exception):
    """No final answer came; `__cause__` is what came last.

    Call the same method again with the `transaction_id`, at any time, to find out: the write happens once.
    """

    def __init__(self, reason: str, outcome: str, transaction_id: Optional[str]) -> None:
        known = "it may have been executed" if outcome == UNKNOWN else "it was not executed"
        super().__init__(f"{_WHY[reason]}; {known}")
        #: `deadline`, or `unsendable`: a token that the source gave is no token.
        self.reason = reason
        #: `not-executed` or `unknown`.
        self.outcome = outcome
        #: `None` if no write was about to be sent, and of a list, whose movements bring theirs.
        self.transaction_id = transaction_id
