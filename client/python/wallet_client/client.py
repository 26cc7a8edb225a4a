"""The client: asks for an ID once, keeps it, and repeats a write with it until it is answered."""

from __future__ import annotations

import math
import ssl
import time
from dataclasses import replace
from datetime import datetime
from typing import Iterator, List, Optional, Sequence, Tuple, TypeVar, Union
from urllib.parse import quote, urlencode

from .answers import (
    FeedPage,
    HistoryPage,
    IssuedTransactionID,
    IssuedTransactionIDs,
    Transaction,
    TransactionIDStatus,
    UnreadableAnswer,
    Wallet,
    read_feed_page,
    read_issued,
    read_many_issued,
    read_page,
    read_status,
    read_transaction,
    read_wallet,
)
from .exchange import Exchange, Token
from .lists import ListResult, read_results
from .movements import Movement, actor_of, check_amount, route_of, to_body, to_item
from .transport import Transport

M = TypeVar("M", bound=Movement)

_LIST = "/api/v1/transactions"
#: What the service may take beside the time that it is asked to wait.
_ANSWER_S = 6
_MAX_WAIT_S = 30


class WalletClient:
    """Calls a wallet service. Threads may share one.

    Every method repeats its request until it is answered. It raises `WalletProblem` when the answer is no,
    `WalletUnsettled` when none came in time, and `ValueError` for what cannot be sent at all.

    `url` is where the service is, with or without `/api/v1`. `token` stands behind `Authorization: Bearer`; a function is
    asked before each attempt. `attempt_timeout_s` is how long one attempt may take (the service itself answers within 6 s),
    `deadline_s` how long a call may take with all its attempts; `deadline_s` of a method is used in its place.
    `ssl_context` is for a certificate authority of your own.
    """

    def __init__(
        self,
        url: str,
        *,
        token: Token = None,
        attempt_timeout_s: float = 10,
        deadline_s: float = 60,
        ssl_context: Optional[ssl.SSLContext] = None,
    ) -> None:
        self._transport = Transport(url, ssl_context)
        self._exchange = Exchange(self._transport, token, attempt_timeout_s)
        self._attempt_timeout_s = attempt_timeout_s
        self._deadline_s = deadline_s

    def __enter__(self) -> WalletClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections that are not in use."""
        self._transport.close()

    def open(self, user_id: str, *, deadline_s: Optional[float] = None) -> Wallet:
        """Opens the user's wallet, or finds it open."""
        return self._exchange("PUT", _wallet(user_id), lambda body, _: read_wallet(body), end=self._end(deadline_s))

    def wallet(self, user_id: str, *, at: Optional[datetime] = None, deadline_s: Optional[float] = None) -> Wallet:
        """The wallet as it is, or as it was `at` a moment, which must be over."""
        path = _wallet(user_id) + _query(at=at)
        return self._exchange("GET", path, lambda body, _: read_wallet(body), end=self._end(deadline_s))

    def begin(self, movement: M, *, deadline_s: Optional[float] = None) -> M:
        """The movement with a transaction ID. Keep it before you `move` it, and it survives a crash of your process."""
        check_amount(movement.amount)
        return replace(movement, transaction_id=self.issue(actor_of(movement), deadline_s=deadline_s).transaction_id)

    def move(self, movement: Movement, *, deadline_s: Optional[float] = None) -> Transaction:
        """Makes a movement once; of a transfer, the answer is the sender's half. One without an ID is begun first."""
        end = self._end(deadline_s)
        if movement.transaction_id is None:
            movement = self.begin(movement, deadline_s=end - time.monotonic())
        condition = {} if movement.if_version is None else {"if-match": f'"{movement.if_version}"'}
        return self._exchange(
            "PUT",
            f"{_wallet(actor_of(movement))}/{route_of(movement)}",
            lambda body, _: _own(read_transaction(body), movement),
            end=end,
            body=to_body(movement),
            headers=condition,
            transaction_id=movement.transaction_id,
        )

    def submit(
        self, movements: Sequence[Movement], *, atomic: bool = False, deadline_s: Optional[float] = None
    ) -> Tuple[ListResult, ...]:
        """Makes 1 to 1000 movements, each with its ID, in one request; sent again until the outcome of each is known.

        One result for each, in order. With `atomic` all are executed, or none that was not before. A `WalletUnsettled` is
        about all of them: send the same list again.
        """
        body = {**({"atomic": True} if atomic else {}), "transactions": [to_item(each) for each in movements]}
        return self._exchange(
            "PUT",
            _LIST,
            lambda answer, facts: read_results(movements, answer, facts),
            end=self._end(deadline_s),
            body=body,
        )

    def issue(self, user_id: str, *, deadline_s: Optional[float] = None) -> IssuedTransactionID:
        """A transaction ID for the user who acts."""
        path = f"{_wallet(user_id)}/transactionID"
        return self._exchange("POST", path, lambda body, _: read_issued(body), end=self._end(deadline_s))

    def issue_many(self, user_id: str, count: int, *, deadline_s: Optional[float] = None) -> IssuedTransactionIDs:
        """1 to 1000 of them at once."""
        return self._exchange(
            "POST",
            f"{_wallet(user_id)}/transactionIDs",
            lambda body, _: read_many_issued(body, count),
            end=self._end(deadline_s),
            body={"count": count},
        )

    def status(
        self, user_id: str, transaction_id: str, *, deadline_s: Optional[float] = None
    ) -> TransactionIDStatus:
        """What became of a transaction ID."""
        path = f"{_wallet(user_id)}/transactionID/{_segment(transaction_id)}"
        return self._exchange("GET", path, lambda body, _: read_status(body), end=self._end(deadline_s))

    def page(
        self,
        user_id: str,
        *,
        types: Sequence[int] = (),
        created_before: Optional[datetime] = None,
        created_after: Optional[datetime] = None,
        created_from: Optional[datetime] = None,
        id_before: Optional[int] = None,
        reference: Optional[str] = None,
        limit: Optional[int] = None,
        deadline_s: Optional[float] = None,
    ) -> HistoryPage:
        """One page of a wallet's history, newest first; `limit` is 1 to 1000. `created_from` is inclusive."""
        query = _query(
            type=[int(each) for each in types],
            createdBefore=created_before,
            createdAfter=created_after,
            createdFrom=created_from,
            IDBefore=id_before,
            reference=reference,
            limit=limit,
        )
        path = f"{_wallet(user_id)}/transactions{query}"
        return self._exchange("GET", path, lambda body, _: read_page(body), end=self._end(deadline_s))

    def history(
        self,
        user_id: str,
        *,
        types: Sequence[int] = (),
        created_before: Optional[datetime] = None,
        created_after: Optional[datetime] = None,
        created_from: Optional[datetime] = None,
        id_before: Optional[int] = None,
        reference: Optional[str] = None,
        limit: Optional[int] = None,
        deadline_s: Optional[float] = None,
    ) -> Iterator[Transaction]:
        """Everything, newest first, a page at a time; `deadline_s` is each page's. What was there at the start comes once."""
        while True:
            found = self.page(
                user_id,
                types=types,
                created_before=created_before,
                created_after=created_after,
                created_from=created_from,
                id_before=id_before,
                reference=reference,
                limit=limit,
                deadline_s=deadline_s,
            )
            yield from found.transactions
            if found.next_id_before is None:
                return
            id_before = found.next_id_before

    def feed_page(
        self,
        *,
        after: Optional[str] = None,
        limit: Optional[int] = None,
        wait_s: int = 0,
        user_id: Optional[str] = None,
        reference: Optional[str] = None,
        deadline_s: Optional[float] = None,
    ) -> FeedPage:
        """One page of everything that happens, oldest first, behind the `next` of the page before. For administrators.

        If there is nothing yet, the service waits up to `wait_s` (at most 30) for it; keep that 6 s below the attempt timeout.
        """
        query = _query(after=after, limit=limit, wait=wait_s, userID=user_id, reference=reference)
        return self._exchange("GET", _LIST + query, lambda body, _: read_feed_page(body), end=self._end(deadline_s))

    def feed(
        self,
        *,
        after: Optional[str] = None,
        limit: Optional[int] = None,
        user_id: Optional[str] = None,
        reference: Optional[str] = None,
        deadline_s: Optional[float] = None,
    ) -> Iterator[FeedPage]:
        """The pages of the feed that hold something, without an end. Keep the `next` of each with what you made of it."""
        wait_s = max(0, min(_MAX_WAIT_S, math.floor(self._attempt_timeout_s - _ANSWER_S)))
        while True:
            found = self.feed_page(
                after=after, limit=limit, wait_s=wait_s, user_id=user_id, reference=reference, deadline_s=deadline_s
            )
            if found.transactions:
                yield found
            after = found.next

    def _end(self, deadline_s: Optional[float]) -> float:
        return time.monotonic() + (self._deadline_s if deadline_s is None else deadline_s)


def _own(transaction: Transaction, movement: Movement) -> Transaction:
    if transaction.transaction_id != movement.transaction_id:
        raise UnreadableAnswer("the answer is of another movement")
    return transaction


def _wallet(user_id: str) -> str:
    return f"/api/v1/users/{_segment(user_id)}/wallet"


def _segment(text: str) -> str:
    """URLs know no segment `.` or `..`: what is between here and the service might take it away."""
    if text in ("", ".", ".."):
        raise ValueError(f"no URL can hold the ID {text!r}")
    return quote(text, safe="")


_Value = Union[str, int, datetime, Sequence[int], None]


def _query(**values: _Value) -> str:
    pairs: List[Tuple[str, Union[str, int]]] = []
    for name, value in values.items():
        if isinstance(value, datetime):
            pairs.append((name, _instant(value)))
        elif isinstance(value, (str, int)):
            pairs.append((name, value))
        elif value is not None:
            pairs.extend((name, each) for each in value)
    return f"?{urlencode(pairs)}" if pairs else ""


def _instant(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError(f"{moment} says no time zone: a moment is needed")
    return moment.isoformat()
