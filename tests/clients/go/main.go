// Command go calls the Go client as the tests say: a line of JSON for each call on its input, one for each answer on its
// output.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"wallet-service/wallet"
)

const callers = 20

type options struct {
	URL              string `json:"url"`
	Token            string `json:"token"`
	AttemptTimeoutMs int64  `json:"attemptTimeoutMs"`
	DeadlineMs       int64  `json:"deadlineMs"`
}

type movement struct {
	Type          wallet.Type       `json:"type"`
	From          string            `json:"from"`
	To            string            `json:"to"`
	Amount        int64             `json:"amount"`
	Reference     string            `json:"reference"`
	Metadata      map[string]string `json:"metadata"`
	IfVersion     *int64            `json:"ifVersion"`
	TransactionID string            `json:"transactionID"`
}

type call struct {
	ID    int    `json:"id"`
	Call  string `json:"call"`
	Given struct {
		User          string        `json:"user"`
		At            *time.Time    `json:"at"`
		Movement      movement      `json:"movement"`
		Movements     []movement    `json:"movements"`
		Atomic        bool          `json:"atomic"`
		Count         int           `json:"count"`
		TransactionID string        `json:"transactionID"`
		Limit         int           `json:"limit"`
		Types         []wallet.Type `json:"types"`
		Reference     string        `json:"reference"`
		After         string        `json:"after"`
	} `json:"given"`
}

type failure struct {
	Kind          string              `json:"kind"`
	Code          string              `json:"code,omitempty"`
	Status        int                 `json:"status,omitempty"`
	Errors        []wallet.FieldError `json:"errors,omitempty"`
	Reason        wallet.Reason       `json:"reason,omitempty"`
	Outcome       wallet.Outcome      `json:"outcome,omitempty"`
	TransactionID string              `json:"transactionID,omitempty"`
	Message       string              `json:"message,omitempty"`
}

type result struct {
	Replayed    bool                `json:"replayed"`
	Transaction *wallet.Transaction `json:"transaction,omitempty"`
	Problem     *failure            `json:"problem,omitempty"`
}

type answer struct {
	ID     int      `json:"id"`
	Result any      `json:"result,omitempty"`
	Error  *failure `json:"error,omitempty"`
}

func toMovement(given movement) wallet.Movement { return wallet.Movement(given) }

func describe(err error) *failure {
	var problem *wallet.Problem
	var unsettled *wallet.Unsettled
	switch {
	case errors.As(err, &problem):
		return &failure{
			Kind: "problem", Code: problem.Code, Status: problem.Status, Errors: problem.Errors,
			Outcome: problem.Outcome, TransactionID: problem.TransactionID,
		}
	case errors.As(err, &unsettled):
		return &failure{
			Kind: "unsettled", Reason: unsettled.Reason, Outcome: unsettled.Outcome,
			TransactionID: unsettled.TransactionID,
		}
	}
	return &failure{Kind: "invalid", Message: err.Error()}
}

func carryOut(ctx context.Context, client *wallet.Client, asked call) (any, error) {
	given := asked.Given
	switch asked.Call {
	case "open":
		return client.Open(ctx, given.User)
	case "wallet":
		if given.At != nil {
			return client.WalletAt(ctx, given.User, *given.At)
		}
		return client.Wallet(ctx, given.User)
	case "begin":
		begun, err := client.Begin(ctx, toMovement(given.Movement))
		return begun.TransactionID, err
	case "move":
		return client.Move(ctx, toMovement(given.Movement))
	case "submit":
		return submit(ctx, client, given.Movements, given.Atomic)
	case "issueMany":
		return client.IssueMany(ctx, given.User, given.Count)
	case "status":
		return client.Status(ctx, given.User, given.TransactionID)
	case "page":
		return client.Page(ctx, given.User, wallet.HistoryFilters{Limit: given.Limit, Types: given.Types})
	case "history":
		all := []wallet.Transaction{}
		filters := wallet.HistoryFilters{Limit: given.Limit, Reference: given.Reference}
		err := client.History(ctx, given.User, filters, func(each wallet.Transaction) error {
			all = append(all, each)
			return nil
		})
		return all, err
	case "feed":
		var first *wallet.FeedPage
		enough := errors.New("enough")
		err := client.Feed(ctx, wallet.FeedFrom{After: given.After}, func(page *wallet.FeedPage) error {
			first = page
			return enough
		})
		if err == enough {
			err = nil
		}
		return first, err
	}
	return nil, fmt.Errorf("no such call: %s", asked.Call)
}

func submit(ctx context.Context, client *wallet.Client, given []movement, atomic bool) (any, error) {
	movements := []wallet.Movement{}
	for _, each := range given {
		movements = append(movements, toMovement(each))
	}
	send := client.Submit
	if atomic {
		send = client.SubmitAtomic
	}
	results, err := send(ctx, movements)
	told := []result{}
	for _, each := range results {
		one := result{Replayed: each.Replayed, Transaction: each.Transaction}
		if each.Problem != nil {
			one.Problem = describe(each.Problem)
		}
		told = append(told, one)
	}
	return told, err
}

func run() error {
	var given options
	if err := json.Unmarshal([]byte(os.Args[1]), &given); err != nil {
		return err
	}
	client, err := wallet.NewClient(wallet.Options{
		URL:            given.URL,
		Token:          given.Token,
		AttemptTimeout: time.Duration(given.AttemptTimeoutMs) * time.Millisecond,
		Deadline:       time.Duration(given.DeadlineMs) * time.Millisecond,
	})
	if err != nil {
		return err
	}
	lines := make(chan []byte)
	output := json.NewEncoder(os.Stdout)
	var printing sync.Mutex
	var working sync.WaitGroup
	for caller := 0; caller < callers; caller++ {
		working.Add(1)
		go func() {
			defer working.Done()
			for line := range lines {
				said := answer{}
				var asked call
				if err := json.Unmarshal(line, &asked); err != nil {
					said.Error = describe(err)
				} else if result, err := carryOut(context.Background(), client, asked); err != nil {
					said = answer{ID: asked.ID, Error: describe(err)}
				} else {
					said = answer{ID: asked.ID, Result: result}
				}
				printing.Lock()
				_ = output.Encode(said)
				printing.Unlock()
			}
		}()
	}
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 1<<20)
	for input.Scan() {
		lines <- append([]byte(nil), input.Bytes()...)
	}
	close(lines)
	working.Wait()
	return input.Err()
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
