#!/usr/bin/env bash
# Pays from one wallet into another with nothing but curl, as safely as any client: the same request is sent again, with the
# same transaction ID, until it is answered.
#
#   examples/curl.sh                                        # the service at http://127.0.0.1:8080
#   WALLET_URL=https://wallet.example WALLET_TOKEN=… examples/curl.sh
set -euo pipefail

users=${WALLET_URL:-http://127.0.0.1:8080}/api/v1/users

# The token goes to curl by a file descriptor: arguments can be read by everyone on the machine.
headers() {
  echo 'Content-Type: application/json'
  if [ -n "${WALLET_TOKEN:-}" ]; then echo "Authorization: Bearer $WALLET_TOKEN"; fi
}

# Repeats on 503, on a lost connection and on no answer within 10 s. Prints the answer; fails where it is no.
call() {
  local method=$1 path=$2 body=${3:-} answer status
  answer=$(curl --silent --show-error --request "$method" "$users/$path" --header @<(headers) ${body:+--data "$body"} \
    --max-time 10 --retry 8 --retry-connrefused --retry-all-errors --write-out '\n%{http_code}' 2>&1) || {
    echo "no answer: $answer" >&2
    return 1
  }
  status=${answer##*$'\n'}
  answer=${answer%$'\n'*}
  # Of several attempts the last line counts.
  answer=${answer##*$'\n'}
  if [ "$status" -ge 400 ]; then
    echo "$method $path: $status $answer" >&2
    return 1
  fi
  echo "$answer"
}

new_id() { call POST "$1/wallet/transactionID" | sed -E 's/.*"transactionID":"([^"]*)".*/\1/'; }
balance() { call GET "$1/wallet" | sed -E 's/.*"balance":([0-9]*).*/\1/'; }

call PUT alice/wallet >/dev/null
call PUT bruno/wallet >/dev/null

# An ID for each write, asked for before it. Keep it where you keep what the write is for.
deposit=$(new_id alice)
call PUT alice/wallet/deposit '{"amount":5000000,"transactionID":"'"$deposit"'"}'

payment=$(new_id alice)
request='{"passiveUserID":"bruno","amount":1250000,"transactionID":"'"$payment"'"}'
call PUT alice/wallet/transfer "$request"
# Anyone who did not get the answer sends the same again: it is the same transaction, and moves nothing.
call PUT alice/wallet/transfer "$request"

echo "alice has $(balance alice), bruno has $(balance bruno)"
