"""Calls the Python client as the tests say: a line of JSON for each call on its input, one for each answer on its output."""

from __future__ import annotations

import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, is_dataclass
from datetime import datetime
from threading import Lock
from typing import Any, Callable, Dict

from wallet_client import (
    Deposit,
    Movement,
    Transfer,
    WalletClient,
    WalletProblem,
    WalletUnsettled,
    Withdrawal,
)

CALLERS = 20
printing = Lock()


def to_movement(given: Dict[str, Any]) -> Movement:
    kinds: Dict[int, Any] = {1: Deposit, 2: Withdrawal, 4: Transfer}
    names = {"from": "from_user", "to": "to_user", "ifVersion": "if_version", "transactionID": "transaction_id"}
    fields = {names.get(name, name): value for name, value in given.items() if name != "type"}
    movement: Movement = kinds[given["type"]](**fields)
    return movement


def to_wire(value: Any) -> Any:
    """The result with the names that it has on the wire."""
    if isinstance(value, WalletProblem):
        return describe(value)
    if is_dataclass(value) and not isinstance(value, type):
        fields = {name: getattr(value, name) for name in value.__dataclass_fields__}
        return {wire_name(name): to_wire(each) for name, each in fields.items() if each is not None}
    if isinstance(value, (list, tuple)):
        return [to_wire(each) for each in value]
    return value.isoformat() if isinstance(value, datetime) else value


def wire_name(name: str) -> str:
    camel = re.sub(r"_(\w)", lambda found: found[1].upper(), name)
    return re.sub(r"Id(?=[A-Z]|s?$)", "ID", camel)


def describe(error: Exception) -> Dict[str, Any]:
    if isinstance(error, WalletProblem):
        known = {"code": error.code, "status": error.status, "errors": [asdict(each) for each in error.errors]}
        return {"kind": "problem", "outcome": error.outcome, "transactionID": error.transaction_id, **known}
    if isinstance(error, WalletUnsettled):
        known = {"outcome": error.outcome, "transactionID": error.transaction_id}
        return {"kind": "unsettled", "reason": error.reason, **known}
    return {"kind": "invalid", "message": str(error)}


def calls_of(client: WalletClient) -> Dict[str, Callable[..., Any]]:
    return {
        "open": lambda user: client.open(user),
        "wallet": lambda user, at=None: client.wallet(user, at=at and datetime.fromisoformat(at.replace("Z", "+00:00"))),
        "begin": lambda movement: client.begin(to_movement(movement)).transaction_id,
        "move": lambda movement: client.move(to_movement(movement)),
        "submit": lambda movements, atomic=False: client.submit([to_movement(each) for each in movements], atomic=atomic),
        "issueMany": lambda user, count: client.issue_many(user, count),
        "status": lambda user, transactionID: client.status(user, transactionID),
        "page": lambda user, limit, types=(): client.page(user, limit=limit, types=types),
        "history": lambda user, limit, reference=None: list(client.history(user, limit=limit, reference=reference)),
        "feed": lambda after=None: next(client.feed(after=after)),
    }


def answer(calls: Dict[str, Callable[..., Any]], line: str) -> None:
    asked = json.loads(line)
    try:
        said = {"id": asked["id"], "result": to_wire(calls[asked["call"]](**asked["given"]))}
    except Exception as error:
        said = {"id": asked["id"], "error": describe(error)}
    with printing:
        print(json.dumps(said), flush=True)


def main() -> None:
    options = json.loads(sys.argv[1])
    client = WalletClient(
        options["url"],
        token=options.get("token"),
        attempt_timeout_s=options.get("attemptTimeoutMs", 10_000) / 1000,
        deadline_s=options.get("deadlineMs", 60_000) / 1000,
    )
    calls = calls_of(client)
    with client, ThreadPoolExecutor(CALLERS) as callers:
        for line in sys.stdin:
            callers.submit(answer, calls, line)


main()
