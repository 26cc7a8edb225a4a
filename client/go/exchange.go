package wallet

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptrace"
	"regexp"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	firstBackoff = 50 * time.Millisecond
	maxBackoff   = 2 * time.Second
	// An attempt that is cut off may have been executed: none is begun again so near the deadline.
	leastAttempt = 100 * time.Millisecond
)

// What RFC 6750 lets stand behind Bearer.
var tokenPattern = regexp.MustCompile(`^[\w.~+/-]+=*$`)

var errNoToken = errors.New(`the token is not an access token alone, without "Bearer"`)

// request is sent as often as it takes, each time the same.
type request struct {
	method, path string
	body         any
	ifMatch      string
	// Empty if the request has none.
	transactionID string
	// read makes the result of an answer's body; after an error the request is sent again.
	read func(body []byte, facts facts) error
}

// facts is what is known of an answer beside its body.
type facts struct {
	requestID string
	// An attempt before may have been executed.
	maybeExecuted bool
}

// attempt is one that settled nothing.
type attempt struct {
	maybeExecuted bool
	retryAfter    time.Duration
	cause         error
}

func (r request) isWrite() bool { return r.method == http.MethodPut }

// exchange sends a request, and the very same one again until it is answered. The error is a *Problem or an *Unsettled.
func (c *Client) exchange(ctx context.Context, r request) error {
	var content []byte
	if r.body != nil {
		var err error
		if content, err = json.Marshal(r.body); err != nil {
			return err
		}
	}
	end := time.Now().Add(c.deadline)
	if given, ok := ctx.Deadline(); ok && given.Before(end) {
		end = given
	}
	maybeExecuted := false
	unsettled := func(reason Reason, cause error) error {
		if errors.Is(ctx.Err(), context.Canceled) {
			reason, cause = Aborted, ctx.Err()
		}
		outcome := NotExecuted
		if maybeExecuted {
			outcome = Unknown
		}
		return &Unsettled{Reason: reason, Outcome: outcome, TransactionID: r.transactionID, cause: cause}
	}
	cause := context.DeadlineExceeded
	for attempts := 0; ; attempts++ {
		left := time.Until(end)
		if ctx.Err() != nil || left <= 0 || (attempts > 0 && left <= leastAttempt) {
			return unsettled(Deadline, cause)
		}
		if c.attemptTimeout < left {
			left = c.attemptTimeout
		}
		failed, err := c.attemptOnce(ctx, r, content, left, maybeExecuted)
		if failed == nil {
			return err
		}
		maybeExecuted = maybeExecuted || failed.maybeExecuted
		cause = failed.cause
		if errors.Is(cause, errNoToken) {
			return unsettled(Unsendable, cause)
		}
		pause := failed.retryAfter + backoff(attempts)
		if time.Until(end)-pause <= leastAttempt {
			return unsettled(Deadline, cause)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return unsettled(Deadline, cause)
		}
	}
}

// attemptOnce answers with how it failed if it settled nothing, else with the final error or nil.
func (c *Client) attemptOnce(
	parent context.Context, r request, content []byte, limit time.Duration, maybeExecuted bool,
) (*attempt, error) {
	ctx, cancel := context.WithTimeout(parent, limit)
	defer cancel()
	token, err := c.token(ctx)
	if err != nil {
		return &attempt{cause: err}, nil
	}
	if token != "" && !tokenPattern.MatchString(token) {
		return &attempt{cause: errNoToken}, nil
	}
	// Before there is a connection, nothing of the request has left.
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	sent, err := http.NewRequestWithContext(ctx, r.method, c.base+r.path, bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	if content != nil {
		sent.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		sent.Header.Set("Authorization", "Bearer "+token)
	}
	if r.ifMatch != "" {
		sent.Header.Set("If-Match", r.ifMatch)
	}
	response, err := c.http.Do(sent)
	if err != nil {
		return &attempt{maybeExecuted: r.isWrite() && connected.Load(), cause: err}, nil
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return &attempt{maybeExecuted: r.isWrite(), cause: err}, nil
	}
	known := facts{requestID: response.Header.Get("X-Request-ID"), maybeExecuted: maybeExecuted}
	switch status := response.StatusCode; {
	case status >= 200 && status < 300:
		if err := r.read(body, known); err != nil {
			return &attempt{maybeExecuted: r.isWrite(), cause: err}, nil
		}
		return nil, nil
	case status == http.StatusTooManyRequests, status >= 502 && status <= 504:
		code := codeOf(body)
		return &attempt{
			maybeExecuted: r.isWrite() && status != http.StatusTooManyRequests && !isNotDone(code),
			retryAfter:    parseRetryAfter(response.Header.Get("Retry-After")),
			cause:         fmt.Errorf("the answer was %d %s", status, code),
		}, nil
	default:
		return nil, toProblem(status, body, known, r.transactionID, r.isWrite())
	}
}

// isOfNowOnly tells the codes that say nothing of attempts before: in the time that the ledger has lost, or under a key
// that was taken away.
func isOfNowOnly(code string) bool {
	return code == "TRANSACTION_ID_RETIRED" || code == "TRANSACTION_ID_UNKNOWN"
}

type problemBody struct {
	Code   string       `json:"code"`
	Detail string       `json:"detail"`
	Errors []FieldError `json:"errors"`
}

// toProblem is what an answer that says no becomes.
func toProblem(status int, body []byte, known facts, transactionID string, isWrite bool) *Problem {
	var said problemBody
	isKnown := json.Unmarshal(body, &said) == nil && said.Code != "" && said.Detail != ""
	if !isKnown {
		said = problemBody{
			Code:   UnexpectedAnswer,
			Detail: fmt.Sprintf("an answer %d that is none of the service's", status),
		}
	}
	outcome := Unknown
	isFinalAnswer := !known.maybeExecuted || isFinal(status, said.Code)
	refused := isKnown && !isOfNowOnly(said.Code) && status < 500 && isFinalAnswer
	if refused || !isWrite {
		outcome = NotExecuted
	}
	return &Problem{
		Code:          said.Code,
		Status:        status,
		Detail:        said.Detail,
		RequestID:     known.requestID,
		Errors:        said.Errors,
		TransactionID: transactionID,
		Outcome:       outcome,
	}
}

// isFinal says whether no earlier attempt was executed either: it would have been answered with that.
func isFinal(status int, code string) bool {
	switch status {
	case 400, 404, 412, 422:
		return true
	}
	return code == "NOT_EXECUTED"
}

// isNotDone says whether a write was surely not executed.
func isNotDone(code string) bool {
	return code == "OVERLOADED" || code == "DATABASE_UNAVAILABLE" || code == "AUTHENTICATION_UNAVAILABLE"
}

func codeOf(body []byte) string {
	var said problemBody
	if json.Unmarshal(body, &said) != nil {
		return ""
	}
	return said.Code
}

// parseRetryAfter reads seconds or a date (RFC 9110).
func parseRetryAfter(text string) time.Duration {
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if moment, err := http.ParseTime(text); err == nil && time.Until(moment) > 0 {
		return time.Until(moment)
	}
	return 0
}

// backoff doubles; drawn at random, so that clients that failed together do not come back together.
func backoff(attempts int) time.Duration {
	most := maxBackoff
	if attempts < 6 {
		most = firstBackoff << attempts
	}
	// math/rand draws the same numbers in every process, up to Go 1.19.
	drawn, err := rand.Int(rand.Reader, big.NewInt(int64(most)))
	if err != nil {
		return most
	}
	return time.Duration(drawn.Int64())
}
