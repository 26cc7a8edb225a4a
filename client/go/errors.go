package wallet

import "fmt"

// Outcome is what is known of a write. Of a read nothing is unknown.
type Outcome string

const (
	// NotExecuted is of a write that surely was not executed, and will not be unless it is sent again.
	NotExecuted Outcome = "not-executed"
	// Unknown is of a write that may have been executed. Send it again with the same transaction ID to find out.
	Unknown Outcome = "unknown"
)

// UnexpectedAnswer is the code of a problem if what answered was not the service; a proxy, say.
const UnexpectedAnswer = "UNEXPECTED_ANSWER"

// FieldError is what is wrong with one field; Path is a JSON pointer.
type FieldError struct {
	Path    string `json:"path"`
	Message string `json:"message"`
}

// Problem says that the answer was no. A 422 or 412 is final for its transaction ID; after anything else the ID may be
// used again.
//
// TRANSACTION_ID_RETIRED and TRANSACTION_ID_UNKNOWN are final too, but their Outcome is Unknown: the ledger was restored,
// or the key that signed the ID was taken away, and the write may have been executed before that. Compare with your own
// records before you write it again under another ID.
type Problem struct {
	// Code is what a program goes by.
	Code   string
	Status int
	Detail string
	// RequestID names the request in the service's log.
	RequestID string
	// Errors is empty unless the code is INVALID_REQUEST.
	Errors []FieldError
	// TransactionID is empty if the request had none.
	TransactionID string
	Outcome       Outcome
}

func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// Reason is why there is no final answer.
type Reason string

const (
	// Deadline means that the deadline of the call passed.
	Deadline Reason = "deadline"
	// Aborted means that the caller's context was cancelled.
	Aborted Reason = "aborted"
	// Unsendable means that what the token source gave is no token.
	Unsendable Reason = "unsendable"
)

// Unsettled says that no final answer came. Send the same movement with its TransactionID again, at any time, to find
// out: it happens once.
type Unsettled struct {
	Reason  Reason
	Outcome Outcome
	// TransactionID is empty if no write was about to be sent, and of a list, whose movements bring theirs.
	TransactionID string
	cause         error
}

func (u *Unsettled) Error() string {
	known := "it was not executed"
	if u.Outcome == Unknown {
		known = "it may have been executed"
	}
	return fmt.Sprintf("no final answer (%s); %s: %v", u.Reason, known, u.cause)
}

// Unwrap gives what came last.
func (u *Unsettled) Unwrap() error { return u.cause }
