"""A client of the wallet service: money moves once, however often a request has to be sent."""

from .answers import (
    FeedPage,
    HistoryPage,
    IssuedTransactionID,
    IssuedTransactionIDs,
    Refusal,
    Transaction,
    TransactionIDStatus,
    TransactionType,
    Wallet,
)
from .client import WalletClient
from .errors import FieldError, WalletProblem, WalletUnsettled
from .lists import ListResult
from .movements import Deposit, Movement, Transfer, Withdrawal

__all__ = [
    "Deposit",
    "FeedPage",
    "FieldError",
    "HistoryPage",
    "IssuedTransactionID",
    "IssuedTransactionIDs",
    "ListResult",
    "Movement",
    "Refusal",
    "Transaction",
    "TransactionIDStatus",
    "TransactionType",
    "Transfer",
    "Wallet",
    "WalletClient",
    "WalletProblem",
    "WalletUnsettled",
    "Withdrawal",
]
