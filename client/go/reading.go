package wallet

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// HistoryFilters narrow a history; what is zero does not.
type HistoryFilters struct {
	Types         []Type
	CreatedBefore time.Time
	CreatedAfter  time.Time
	// CreatedFrom is inclusive.
	CreatedFrom time.Time
	// IDBefore lets only ids below it through.
	IDBefore  int64
	Reference string
	// Limit is how many transactions a page holds at most, 1 to 1000; the service's default is 100.
	Limit int
}

func (f HistoryFilters) query() string {
	values := url.Values{}
	for _, each := range f.Types {
		values.Add("type", strconv.Itoa(int(each)))
	}
	for name, moment := range map[string]time.Time{
		"createdBefore": f.CreatedBefore, "createdAfter": f.CreatedAfter, "createdFrom": f.CreatedFrom,
	} {
		if !moment.IsZero() {
			values.Set(name, moment.Format(time.RFC3339Nano))
		}
	}
	setNumber(values, "IDBefore", f.IDBefore)
	setNumber(values, "limit", int64(f.Limit))
	setText(values, "reference", f.Reference)
	return toQuery(values)
}

// Page reads one page of a wallet's history, newest first.
func (c *Client) Page(ctx context.Context, userID string, filters HistoryFilters) (*HistoryPage, error) {
	return askWallet[HistoryPage](ctx, c, http.MethodGet, userID, "/transactions"+filters.query(), nil)
}

// History hands on everything, newest first, a page at a time; Options.Deadline is each page's. What was there at the start
// comes exactly once. An error of do ends it.
func (c *Client) History(ctx context.Context, userID string, filters HistoryFilters, do func(Transaction) error) error {
	for {
		page, err := c.Page(ctx, userID, filters)
		if err != nil {
			return err
		}
		for _, each := range page.Transactions {
			if err := do(each); err != nil {
				return err
			}
		}
		if page.NextIDBefore == nil {
			return nil
		}
		filters.IDBefore = *page.NextIDBefore
	}
}

// FeedFrom says where the feed is read from, and what narrows it; what is zero does not.
type FeedFrom struct {
	// After is the Next of the last page; empty: it begins with the oldest transaction.
	After string
	// Limit is how many transactions a page holds at most, 1 to 1000.
	Limit int
	// Wait is how long the service waits for something if there is nothing yet: whole seconds, at most 30, and 6 s less than
	// Options.AttemptTimeout.
	Wait      time.Duration
	UserID    string
	Reference string
}

// FeedPage reads one page of everything that happens, oldest first. It takes an administrator's token.
func (c *Client) FeedPage(ctx context.Context, from FeedFrom) (*FeedPage, error) {
	values := url.Values{}
	setText(values, "after", from.After)
	setText(values, "userID", from.UserID)
	setText(values, "reference", from.Reference)
	setNumber(values, "limit", int64(from.Limit))
	setNumber(values, "wait", int64(from.Wait/time.Second))
	return ask[FeedPage](ctx, c, http.MethodGet, listPath+toQuery(values), nil)
}

// Feed hands on the pages of the feed that hold something, until do or the context ends it. Keep the Next of each with what
// you made of it, and begin again with it as After.
func (c *Client) Feed(ctx context.Context, from FeedFrom, do func(*FeedPage) error) error {
	if from.Wait == 0 && c.attemptTimeout > answerTime {
		from.Wait = c.attemptTimeout - answerTime
	}
	if from.Wait > maxWait {
		from.Wait = maxWait
	}
	for {
		page, err := c.FeedPage(ctx, from)
		if err != nil {
			return err
		}
		if len(page.Transactions) > 0 {
			if err := do(page); err != nil {
				return err
			}
		}
		from.After = page.Next
	}
}

const (
	// What the service may take beside the time that it is asked to wait.
	answerTime = 6 * time.Second
	maxWait    = 30 * time.Second
)

func setText(values url.Values, name, text string) {
	if text != "" {
		values.Set(name, text)
	}
}

func setNumber(values url.Values, name string, number int64) {
	if number != 0 {
		values.Set(name, strconv.FormatInt(number, 10))
	}
}

func toQuery(values url.Values) string {
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}
