// Package wallet is a client of the wallet service: money moves once, however often a request has to be sent.
//
// Every method repeats its request until it is answered. It ends with a *Problem when the answer is no, with an
// *Unsettled when none came in time, and with another error for what cannot be sent at all.
package wallet

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Options say where the service is, and how long to try.
type Options struct {
	// URL is where the service is, with or without /api/v1.
	URL string
	// Token stands behind "Authorization: Bearer". Empty: none.
	Token string
	// TokenSource is asked before each attempt, in place of Token.
	TokenSource func(context.Context) (string, error)
	// AttemptTimeout is how long one attempt may take: 10 s by default. The service itself answers within 6 s.
	AttemptTimeout time.Duration
	// Deadline is how long a call may take with all its attempts: 60 s by default. A context can only shorten it.
	Deadline time.Duration
	// Transport sends the requests; http.DefaultTransport by default. One that repeats or follows redirects by itself would
	// hide what it sent before.
	Transport http.RoundTripper
}

// Client calls a wallet service. Goroutines may share one.
type Client struct {
	base           string
	token          func(context.Context) (string, error)
	attemptTimeout time.Duration
	deadline       time.Duration
	http           *http.Client
}

var versionPath = regexp.MustCompile(`/api/v1$`)

// NewClient checks the options, and sends nothing.
func NewClient(options Options) (*Client, error) {
	parsed, err := url.Parse(options.URL)
	if err != nil || (parsed.Scheme != "http" && parsed.Scheme != "https") || parsed.Hostname() == "" ||
		parsed.User != nil || strings.ContainsAny(options.URL, "?#") {
		// Not what it is: a password or a token may be in it.
		return nil, errors.New("the URL is not the address of a service: http:// or https://, a host, and if need be a port and a path")
	}
	if options.Token != "" && !tokenPattern.MatchString(options.Token) {
		return nil, errNoToken
	}
	client := &Client{
		base:           versionPath.ReplaceAllString(strings.TrimRight(options.URL, "/"), ""),
		token:          options.TokenSource,
		attemptTimeout: orDefault(options.AttemptTimeout, 10*time.Second),
		deadline:       orDefault(options.Deadline, time.Minute),
		http: &http.Client{
			Transport: options.Transport,
			// A redirect would take money and token elsewhere.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	if client.token == nil {
		client.token = func(context.Context) (string, error) { return options.Token, nil }
	}
	return client, nil
}

func orDefault(given, otherwise time.Duration) time.Duration {
	if given == 0 {
		return otherwise
	}
	return given
}

// Open opens the user's wallet, or finds it open.
func (c *Client) Open(ctx context.Context, userID string) (*Wallet, error) {
	return askWallet[Wallet](ctx, c, http.MethodPut, userID, "", nil)
}

// Wallet reads a wallet.
func (c *Client) Wallet(ctx context.Context, userID string) (*Wallet, error) {
	return askWallet[Wallet](ctx, c, http.MethodGet, userID, "", nil)
}

// WalletAt reads a wallet as it was at a moment, which must be over.
func (c *Client) WalletAt(ctx context.Context, userID string, at time.Time) (*Wallet, error) {
	return askWallet[Wallet](ctx, c, http.MethodGet, userID, "?at="+url.QueryEscape(at.Format(time.RFC3339Nano)), nil)
}

// Issue asks for a transaction ID for the user who acts.
func (c *Client) Issue(ctx context.Context, userID string) (*Issued, error) {
	return askWallet[Issued](ctx, c, http.MethodPost, userID, "/transactionID", nil)
}

// IssueMany asks for 1 to 1000 of them at once.
func (c *Client) IssueMany(ctx context.Context, userID string, count int) (*IssuedMany, error) {
	return askWallet[IssuedMany](ctx, c, http.MethodPost, userID, "/transactionIDs", map[string]int{"count": count})
}

// Status says what became of a transaction ID.
func (c *Client) Status(ctx context.Context, userID, transactionID string) (*Status, error) {
	segment, err := toSegment(transactionID)
	if err != nil {
		return nil, err
	}
	return askWallet[Status](ctx, c, http.MethodGet, userID, "/transactionID/"+segment, nil)
}

// Begin asks for the transaction ID of a movement. Keep it before you Move it, and it survives a crash of your process.
func (c *Client) Begin(ctx context.Context, movement Movement) (Movement, error) {
	if err := movement.check(); err != nil {
		return movement, err
	}
	issued, err := c.Issue(ctx, movement.Actor())
	if err != nil {
		return movement, err
	}
	movement.TransactionID = issued.TransactionID
	return movement, nil
}

// Move makes a movement once; of a transfer, the answer is the sender's half. One without an ID is begun first.
func (c *Client) Move(ctx context.Context, movement Movement) (*Transaction, error) {
	ctx, cancel := context.WithTimeout(ctx, c.deadline)
	defer cancel()
	if err := movement.check(); err != nil {
		return nil, err
	}
	if movement.TransactionID == "" {
		var err error
		if movement, err = c.Begin(ctx, movement); err != nil {
			return nil, err
		}
	}
	path, err := walletPath(movement.Actor())
	if err != nil {
		return nil, err
	}
	var done Transaction
	sent := request{
		method:        http.MethodPut,
		path:          path + "/" + routes[movement.Type],
		body:          movement.body(),
		transactionID: movement.TransactionID,
		read: func(body []byte, _ facts) error {
			done = Transaction{}
			if err := read(body, &done); err != nil {
				return err
			}
			if done.TransactionID != movement.TransactionID {
				return errUnreadable
			}
			return nil
		},
	}
	if movement.IfVersion != nil {
		sent.ifMatch = fmt.Sprintf("%q", strconv.FormatInt(*movement.IfVersion, 10))
	}
	if err := c.exchange(ctx, sent); err != nil {
		return nil, err
	}
	return &done, nil
}

// pointerTo is *T if that can be read from an answer.
type pointerTo[T any] interface {
	*T
	answer
}

// ask sends a request, and reads its answer.
func ask[T any, P pointerTo[T]](ctx context.Context, c *Client, method, path string, body any) (*T, error) {
	var result T
	readResult := func(content []byte, _ facts) error {
		// Anew for each attempt: nothing of an answer that was not whole may be left.
		result = *new(T)
		return read(content, P(&result))
	}
	if err := c.exchange(ctx, request{method: method, path: path, body: body, read: readResult}); err != nil {
		return nil, err
	}
	return &result, nil
}

// askWallet asks for something of a user's wallet.
func askWallet[T any, P pointerTo[T]](
	ctx context.Context, c *Client, method, userID, rest string, body any,
) (*T, error) {
	path, err := walletPath(userID)
	if err != nil {
		return nil, err
	}
	return ask[T, P](ctx, c, method, path+rest, body)
}

func walletPath(userID string) (string, error) {
	segment, err := toSegment(userID)
	return "/api/v1/users/" + segment + "/wallet", err
}

// toSegment escapes an ID for a path. URLs know no segment "." or "..": what is between here and the service might take it away.
func toSegment(text string) (string, error) {
	if text == "" || text == "." || text == ".." {
		return "", fmt.Errorf("no URL can hold the ID %q", text)
	}
	return url.PathEscape(text), nil
}
