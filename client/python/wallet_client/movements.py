"""Money in, out, and across, and how it is written on the wire.

What may be added to each movement:

- `reference`: 1 to 64 characters, on both halves of a transfer.
- `metadata`: the payer's own fields, never shown to the recipient.
- `if_version`: refused with `VERSION_MISMATCH` unless the wallet of the user who acts has this version.
- `transaction_id`: one that was issued to the user who acts; `WalletClient.begin` fills it in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Mapping, Optional, Union

from .answers import TransactionType

MAX_AMOUNT = 2**53 - 1


@dataclass(frozen=True)
class Deposit:
    """Money into a wallet; `amount` in base units. `to_user` acts."""

    to_user: str
    amount: int
    reference: Optional[str] = None
    metadata: Optional[Mapping[str, str]] = None
    if_version: Optional[int] = None
    transaction_id: Optional[str] = None


@dataclass(frozen=True)
class Withdrawal:
    """Money out of a wallet; `amount` in base units. `from_user` acts."""

    from_user: str
    amount: int
    reference: Optional[str] = None
    metadata: Optional[Mapping[str, str]] = None
    if_version: Optional[int] = None
    transaction_id: Optional[str] = None


@dataclass(frozen=True)
class Transfer:
    """Money from one wallet to another; `amount` in base units. `from_user` acts."""

    from_user: str
    to_user: str
    amount: int
    reference: Optional[str] = None
    metadata: Optional[Mapping[str, str]] = None
    if_version: Optional[int] = None
    transaction_id: Optional[str] = None


Movement = Union[Deposit, Withdrawal, Transfer]


def actor_of(movement: Movement) -> str:
    """Whose wallet a movement changes first, and who is issued its ID."""
    return movement.to_user if isinstance(movement, Deposit) else movement.from_user


def route_of(movement: Movement) -> str:
    if isinstance(movement, Deposit):
        return "deposit"
    return "withdraw" if isinstance(movement, Withdrawal) else "transfer"


def check_amount(amount: int) -> None:
    """Raises `ValueError` for what is no amount: so no ID is asked for it."""
    if not isinstance(amount, int) or isinstance(amount, bool) or not 1 <= amount <= MAX_AMOUNT:
        raise ValueError(f"not an amount: {amount!r}; expected whole base units, 1 to {MAX_AMOUNT}")


def to_body(movement: Movement) -> Dict[str, Any]:
    """The body that a movement is sent with alone."""
    check_amount(movement.amount)
    body: Dict[str, Any] = {"amount": movement.amount, "transactionID": movement.transaction_id}
    if isinstance(movement, Transfer):
        body["passiveUserID"] = movement.to_user
    if movement.reference is not None:
        body["reference"] = movement.reference
    if movement.metadata is not None:
        body["metadata"] = dict(movement.metadata)
    return body


_TYPE_OF = {
    "deposit": TransactionType.DEPOSIT,
    "withdraw": TransactionType.WITHDRAWAL,
    "transfer": TransactionType.TRANSFER_OUT,
}


def to_item(movement: Movement) -> Dict[str, Any]:
    """The item of a list. Raises `ValueError` without a transaction ID."""
    if movement.transaction_id is None:
        raise ValueError("a movement of a list needs a transaction ID: issue_many has them")
    item = {"userID": actor_of(movement), "type": int(_TYPE_OF[route_of(movement)]), **to_body(movement)}
    if movement.if_version is not None:
        item["ifVersion"] = movement.if_version
    return item
