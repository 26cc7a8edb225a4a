"""Sends a request, and the very same one again until it is answered: a write may be repeated because of its transaction ID."""

from __future__ import annotations

import json
import random
import re
import time
from dataclasses import dataclass
from typing import Callable, Dict, Mapping, NoReturn, Optional, TypeVar, Union

from .answers import UnreadableAnswer
from .errors import NOT_EXECUTED, UNKNOWN, FieldError, WalletProblem, WalletUnsettled
from .transport import Answer, NotSent, Transport, Unanswered

T = TypeVar("T")

#: A token for `Authorization: Bearer`, or a function that is asked for one before each attempt.
Token = Union[str, Callable[[], Optional[str]], None]

_FIRST_BACKOFF_S = 0.05
_MAX_BACKOFF_S = 2.0
#: An attempt that is cut off may have been executed: none is begun again so near the deadline.
_LEAST_ATTEMPT_S = 0.1

#: What a service, or a proxy before it, says when the same request may be answered later.
_LATER = (429, 502, 503, 504)
#: The codes with which a write was surely not executed.
_NOT_DONE = ("OVERLOADED", "DATABASE_UNAVAILABLE", "AUTHENTICATION_UNAVAILABLE")
#: After these no earlier attempt was executed either: it would have been answered with that.
_FINAL = (400, 404, 412, 422)
#: They say nothing of attempts before: in the time that the ledger has lost, or under a key that was taken away.
_OF_NOW_ONLY = ("TRANSACTION_ID_RETIRED", "TRANSACTION_ID_UNKNOWN")
#: What RFC 6750 lets stand behind `Bearer`.
_TOKEN = re.compile(r"[A-Za-z0-9_.~+/-]+=*")


@dataclass(frozen=True)
class AnswerFacts:
    """What is known of an answer beside its body; `maybe_executed`: an attempt before may have been."""

    request_id: Optional[str]
    maybe_executed: bool


class NoToken(ValueError):
    """What was given is no token."""


class Exchange:
    """How requests are sent, and for how long. Threads may share it."""

    def __init__(self, transport: Transport, token: Token, attempt_timeout_s: float) -> None:
        if isinstance(token, str):
            _check_token(token)
        self._transport = transport
        self._token = token
        self._attempt_timeout_s = attempt_timeout_s

    def __call__(
        self,
        method: str,
        path: str,
        read: Callable[[object, AnswerFacts], T],
        *,
        end: float,
        body: Optional[object] = None,
        headers: Optional[Mapping[str, str]] = None,
        transaction_id: Optional[str] = None,
    ) -> T:
        """Until `end`, as `time.monotonic` tells it. Raises `WalletProblem` or `WalletUnsettled`."""
        is_write = method == "PUT"
        maybe_executed = False
        cause: Optional[BaseException] = None
        content = None if body is None else json.dumps(body).encode()

        def give_up(reason: str) -> NoReturn:
            raise WalletUnsettled(reason, UNKNOWN if maybe_executed else NOT_EXECUTED, transaction_id) from cause

        attempts = 0
        while True:
            left_s = end - time.monotonic()
            if left_s <= (_LEAST_ATTEMPT_S if attempts > 0 else 0):
                give_up("deadline")
            retry_after_s = 0.0
            try:
                sent = {**self._authorization(), **(headers or {})}
                if content is not None:
                    sent["content-type"] = "application/json"
                answer = self._transport.send(method, path, sent, content, min(self._attempt_timeout_s, left_s))
                facts = AnswerFacts(answer.request_id, maybe_executed)
                if 200 <= answer.status < 300:
                    return read(answer.body, facts)
                if answer.status not in _LATER:
                    raise to_problem(answer.status, answer.body, facts, transaction_id, is_write=is_write)
                cause = Exception(f"the answer was {answer.status} {_code_of(answer) or ''}".strip())
                maybe_executed = maybe_executed or (is_write and not _is_not_done(answer))
                retry_after_s = answer.retry_after_s
            except NoToken as error:
                cause = error
                give_up("unsendable")
            except NotSent as error:
                cause = error
            except (Unanswered, UnreadableAnswer) as error:
                cause = error
                maybe_executed = maybe_executed or is_write
            pause_s = retry_after_s + _backoff_s(attempts)
            if time.monotonic() + pause_s >= end - _LEAST_ATTEMPT_S:
                give_up("deadline")
            time.sleep(pause_s)
            attempts += 1

    def _authorization(self) -> Dict[str, str]:
        try:
            token = self._token() if callable(self._token) else self._token
        except Exception as error:
            # There may be one later; an attempt before may have been executed, so what is known must not get lost.
            raise NotSent("no token was given") from error
        if token is None:
            return {}
        return {"authorization": f"Bearer {_check_token(token)}"}


def to_problem(
    status: int, body: object, facts: AnswerFacts, transaction_id: Optional[str], *, is_write: bool
) -> WalletProblem:
    """What an answer that says no is raised as."""
    problem = body if isinstance(body, dict) else {}
    code, detail = problem.get("code"), problem.get("detail")
    known = isinstance(code, str) and isinstance(detail, str)
    final = status in _FINAL or code == "NOT_EXECUTED"
    refused = known and code not in _OF_NOW_ONLY and status < 500 and (not facts.maybe_executed or final)
    errors = problem.get("errors") or []
    return WalletProblem(
        code=str(code) if known else "UNEXPECTED_ANSWER",
        status=status,
        detail=str(detail) if known else f"an answer {status} that is none of the service's",
        request_id=facts.request_id,
        errors=tuple(
            FieldError(str(each.get("path")), str(each.get("message"))) for each in errors if isinstance(each, dict)
        ),
        transaction_id=transaction_id,
        outcome=NOT_EXECUTED if refused or not is_write else UNKNOWN,
    )


def _check_token(token: str) -> str:
    if not isinstance(token, str) or _TOKEN.fullmatch(token) is None:
        raise NoToken('the token is not an access token alone, without "Bearer"')
    return token


def _code_of(answer: Answer) -> Optional[str]:
    code = answer.body.get("code") if isinstance(answer.body, dict) else None
    return code if isinstance(code, str) else None


def _is_not_done(answer: Answer) -> bool:
    return answer.status == 429 or _code_of(answer) in _NOT_DONE


def _backoff_s(attempts: int) -> float:
    """Doubles; drawn at random, so that clients that failed together do not come back together."""
    return random.uniform(0, min(_MAX_BACKOFF_S, _FIRST_BACKOFF_S * 2.0 ** min(attempts, 16)))
