package wallet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

const listPath = "/api/v1/transactions"

// Result is how one movement of a list fared: Transaction if it was executed, Problem if it was refused.
type Result struct {
	// Replayed says whether an earlier request with its ID had this outcome already.
	Replayed    bool
	Transaction *Transaction
	Problem     *Problem
}

type listBody struct {
	Atomic       bool           `json:"atomic,omitempty"`
	Transactions []movementItem `json:"transactions"`
}

type resultsBody struct {
	Results []struct {
		Status      int             `json:"status"`
		Replayed    bool            `json:"replayed"`
		Transaction json.RawMessage `json:"transaction"`
		Problem     json.RawMessage `json:"problem"`
	} `json:"results"`
}

// Submit makes 1 to 1000 movements, each with its ID, in one request; it is sent again until the outcome of each is known.
// There is one result for each, in order. An *Unsettled is about all of them: send the same list again.
func (c *Client) Submit(ctx context.Context, movements []Movement) ([]Result, error) {
	return c.submit(ctx, movements, false)
}

// SubmitAtomic is Submit, but all of the movements are executed, or none that was not before.
func (c *Client) SubmitAtomic(ctx context.Context, movements []Movement) ([]Result, error) {
	return c.submit(ctx, movements, true)
}

func (c *Client) submit(ctx context.Context, movements []Movement, atomic bool) ([]Result, error) {
	list := listBody{Atomic: atomic}
	for _, movement := range movements {
		if err := movement.check(); err != nil {
			return nil, err
		}
		if movement.TransactionID == "" {
			return nil, errors.New("a movement of a list needs a transaction ID: IssueMany has them")
		}
		list.Transactions = append(list.Transactions, movement.item())
	}
	var results []Result
	readResults := func(body []byte, known facts) (err error) {
		results, err = toResults(body, movements, known)
		return err
	}
	err := c.exchange(ctx, request{method: http.MethodPut, path: listPath, body: list, read: readResults})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// toResults fails as long as one outcome is not known, so that the list is sent again.
func toResults(body []byte, movements []Movement, known facts) ([]Result, error) {
	var said resultsBody
	if json.Unmarshal(body, &said) != nil || len(said.Results) != len(movements) {
		return nil, errUnreadable
	}
	results := make([]Result, len(movements))
	for index, each := range said.Results {
		transactionID := movements[index].TransactionID
		results[index].Replayed = each.Replayed
		switch each.Status {
		case http.StatusOK:
			var done Transaction
			if err := read(each.Transaction, &done); err != nil {
				return nil, err
			}
			if done.TransactionID != transactionID {
				return nil, errUnreadable
			}
			results[index].Transaction = &done
		case http.StatusServiceUnavailable:
			return nil, fmt.Errorf("the outcome of movement %d of %d was not known", index+1, len(movements))
		default:
			results[index].Problem = toProblem(each.Status, each.Problem, known, transactionID, true)
		}
	}
	return results, nil
}
