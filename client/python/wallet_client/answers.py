"""Answers, checked field by field before they are handed on. Money is `int`, exactly as it stands on the wire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple, Type, TypeVar

T = TypeVar("T")


class TransactionType(IntEnum):
    """The `type` of a transaction."""

    DEPOSIT = 1
    WITHDRAWAL = 2
    TRANSFER_IN = 3
    TRANSFER_OUT = 4


@dataclass(frozen=True)
class Wallet:
    """One user's money in base units (1000000 = 1 dollar). `state` is `None` while it is open; `at` is the moment that was asked for."""

    user_id: str
    balance: int
    version: int
    created_at: datetime
    updated_at: datetime
    state: Optional[str] = None
    at: Optional[datetime] = None


@dataclass(frozen=True)
class Transaction:
    """One line of a wallet's history. `amount` is always positive, the type gives its sign; `balance` is the one right after."""

    id: int
    transaction_id: str
    user_id: str
    type: TransactionType
    amount: int
    balance: int
    passive_user_id: Optional[str]
    created_at: datetime
    reference: Optional[str] = None
    metadata: Optional[Mapping[str, str]] = None


@dataclass(frozen=True)
class IssuedTransactionID:
    """An ID, and until when it may be used for the first time."""

    transaction_id: str
    expires_at: datetime


@dataclass(frozen=True)
class IssuedTransactionIDs:
    """The same for several."""

    transaction_ids: Tuple[str, ...]
    expires_at: datetime


@dataclass(frozen=True)
class Refusal:
    """Why a write was refused, for ever."""

    code: str
    detail: str


@dataclass(frozen=True)
class TransactionIDStatus:
    """`status` is `unused`, `executed` (with the transaction), `refused` (with the refusal), `expired` or `retired`."""

    transaction_id: str
    status: str
    transaction: Optional[Transaction] = None
    refusal: Optional[Refusal] = None


@dataclass(frozen=True)
class HistoryPage:
    """`next_id_before` is the `id_before` of the page that follows, `None` on the last."""

    transactions: Tuple[Transaction, ...]
    next_id_before: Optional[int]


@dataclass(frozen=True)
class FeedPage:
    """`next` is the `after` of the page that follows; there always is one."""

    transactions: Tuple[Transaction, ...]
    next: str


class UnreadableAnswer(Exception):
    """What came is not what the service sends: cut off on its way, or of someone else."""


def _to_object(value: object) -> Dict[str, Any]:
    if not isinstance(value, dict):
        raise UnreadableAnswer("the answer is not what the service sends")
    return value


def _field(body: Dict[str, Any], name: str, kind: Type[T]) -> T:
    value = body.get(name)
    # True is an int in Python, and no number on the wire.
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise UnreadableAnswer(f"{name} is not what the service sends")
    return value


def _optional(body: Dict[str, Any], name: str, read: Callable[[Dict[str, Any], str], T]) -> Optional[T]:
    return None if body.get(name) is None else read(body, name)


def _text(body: Dict[str, Any], name: str) -> str:
    return _field(body, name, str)


def _count(body: Dict[str, Any], name: str) -> int:
    return _field(body, name, int)


def _time(body: Dict[str, Any], name: str) -> datetime:
    try:
        # Until Python 3.11 it knows no Z.
        return datetime.fromisoformat(_text(body, name).replace("Z", "+00:00"))
    except ValueError as error:
        raise UnreadableAnswer(f"{name} is not what the service sends") from error


def _type(body: Dict[str, Any], name: str) -> TransactionType:
    try:
        return TransactionType(_count(body, name))
    except ValueError as error:
        raise UnreadableAnswer(f"{name} is not what the service sends") from error


def _metadata(body: Dict[str, Any], name: str) -> Mapping[str, str]:
    return {key: str(value) for key, value in _to_object(body[name]).items()}


def _list(body: Dict[str, Any], name: str) -> List[Any]:
    return _field(body, name, list)


def read_wallet(body: object) -> Wallet:
    wallet = _to_object(body)
    return Wallet(
        user_id=_text(wallet, "userID"),
        balance=_count(wallet, "balance"),
        version=_count(wallet, "version"),
        created_at=_time(wallet, "createdAt"),
        updated_at=_time(wallet, "updatedAt"),
        state=_optional(wallet, "state", _text),
        at=_optional(wallet, "at", _time),
    )


def read_transaction(body: object) -> Transaction:
    row = _to_object(body)
    return Transaction(
        id=_count(row, "id"),
        transaction_id=_text(row, "transactionID"),
        user_id=_text(row, "userID"),
        type=_type(row, "type"),
        amount=_count(row, "amount"),
        balance=_count(row, "balance"),
        passive_user_id=_optional(row, "passiveUserID", _text),
        created_at=_time(row, "createdAt"),
        reference=_optional(row, "reference", _text),
        metadata=_optional(row, "metadata", _metadata),
    )


def _transactions(body: Dict[str, Any]) -> Tuple[Transaction, ...]:
    return tuple(read_transaction(each) for each in _list(body, "transactions"))


def read_issued(body: object) -> IssuedTransactionID:
    issued = _to_object(body)
    return IssuedTransactionID(_text(issued, "transactionID"), _time(issued, "expiresAt"))


def read_many_issued(body: object, count: int) -> IssuedTransactionIDs:
    issued = _to_object(body)
    ids = _list(issued, "transactionIDs")
    if len(ids) != count or not all(isinstance(each, str) for each in ids):
        raise UnreadableAnswer("transactionIDs are not what the service sends")
    return IssuedTransactionIDs(tuple(ids), _time(issued, "expiresAt"))


def read_status(body: object) -> TransactionIDStatus:
    status = _to_object(body)
    return TransactionIDStatus(
        transaction_id=_text(status, "transactionID"),
        status=_text(status, "status"),
        transaction=_optional(status, "transaction", lambda of, name: read_transaction(of[name])),
        refusal=_optional(status, "refusal", lambda of, name: _read_refusal(of[name])),
    )


def _read_refusal(body: object) -> Refusal:
    refusal = _to_object(body)
    return Refusal(_text(refusal, "code"), _text(refusal, "detail"))


def read_page(body: object) -> HistoryPage:
    page = _to_object(body)
    return HistoryPage(_transactions(page), _optional(page, "nextIDBefore", _count))


def read_feed_page(body: object) -> FeedPage:
    page = _to_object(body)
    return FeedPage(_transactions(page), _text(page, "next"))


@dataclass(frozen=True)
class ItemOutcome:
    """What stands in a list of results for one movement; `body` is what it alone would be answered with."""

    status: int
    replayed: bool
    body: object


def read_outcomes(body: object, count: int) -> List[ItemOutcome]:
    results = [_to_object(each) for each in _list(_to_object(body), "results")]
    if len(results) != count:
        raise UnreadableAnswer("another number of movements was sent")
    return [
        ItemOutcome(_count(each, "status"), _field(each, "replayed", bool), each.get("transaction") or each.get("problem"))
        for each in results
    ]
