package wallet

import (
	"encoding/json"
	"errors"
	"time"
)

// Type is what a transaction is.
type Type int

// The types of transactions. A movement is a deposit, a withdrawal or a transfer out.
const (
	TypeDeposit     Type = 1
	TypeWithdrawal  Type = 2
	TypeTransferIn  Type = 3
	TypeTransferOut Type = 4
)

// Wallet is one user's money, in base units: 1000000 = 1 dollar.
type Wallet struct {
	UserID  string `json:"userID"`
	Balance int64  `json:"balance"`
	// Version is the id of the last transaction; 0 before the first.
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
	// State is empty while the wallet is open, else "frozen" or "closed".
	State string `json:"state,omitempty"`
	// At is the moment that was asked for, if one was.
	At *time.Time `json:"at,omitempty"`
}

// Transaction is one line of a wallet's history.
type Transaction struct {
	// ID counts the transactions of the wallet: 1, 2, 3, …
	ID            int64  `json:"id"`
	TransactionID string `json:"transactionID"`
	UserID        string `json:"userID"`
	Type          Type   `json:"type"`
	// Amount is always positive; the type gives its sign.
	Amount int64 `json:"amount"`
	// Balance is the wallet's right after this transaction.
	Balance int64 `json:"balance"`
	// PassiveUserID is the other side of a transfer, nil for deposits and withdrawals.
	PassiveUserID *string           `json:"passiveUserID"`
	CreatedAt     time.Time         `json:"createdAt"`
	Reference     string            `json:"reference,omitempty"`
	Metadata      map[string]string `json:"metadata,omitempty"`
}

// Issued is a transaction ID, and until when it may be used for the first time.
type Issued struct {
	TransactionID string    `json:"transactionID"`
	ExpiresAt     time.Time `json:"expiresAt"`
}

// IssuedMany is the same for several.
type IssuedMany struct {
	TransactionIDs []string  `json:"transactionIDs"`
	ExpiresAt      time.Time `json:"expiresAt"`
}

// Refusal is why a write was refused, for ever.
type Refusal struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// Status is what became of a transaction ID: "unused", "executed" with its transaction, "refused" with its refusal,
// "expired" or "retired".
type Status struct {
	TransactionID string       `json:"transactionID"`
	Status        string       `json:"status"`
	Transaction   *Transaction `json:"transaction,omitempty"`
	Refusal       *Refusal     `json:"refusal,omitempty"`
}

// HistoryPage is a page of a wallet's history, newest first.
type HistoryPage struct {
	Transactions []Transaction `json:"transactions"`
	// NextIDBefore is the IDBefore of the page that follows, nil on the last.
	NextIDBefore *int64 `json:"nextIDBefore"`
}

// FeedPage is a page of everything that happens, oldest first.
type FeedPage struct {
	Transactions []Transaction `json:"transactions"`
	// Next is the After of the page that follows; there always is one.
	Next string `json:"next"`
}

// errUnreadable says that what came is not what the service sends: cut off on its way, or of someone else.
var errUnreadable = errors.New("the answer is not what the service sends")

// answer is what a body is read as; isWhole says whether the fields that are always there are there.
type answer interface {
	isWhole() bool
}

// read fills the result from a body. Numbers become int64, so one with a fraction or an exponent is an error.
func read(body []byte, result answer) error {
	if json.Unmarshal(body, result) != nil || !result.isWhole() {
		return errUnreadable
	}
	return nil
}

func (w *Wallet) isWhole() bool {
	return w.UserID != "" && w.Balance >= 0 && w.Version >= 0 && !w.CreatedAt.IsZero() && !w.UpdatedAt.IsZero()
}

func (t *Transaction) isWhole() bool {
	return t.ID > 0 && t.TransactionID != "" && t.UserID != "" && t.Type >= TypeDeposit && t.Type <= TypeTransferOut &&
		t.Amount > 0 && t.Balance >= 0 && !t.CreatedAt.IsZero()
}

func (i *Issued) isWhole() bool { return i.TransactionID != "" }

func (i *IssuedMany) isWhole() bool { return len(i.TransactionIDs) > 0 }

func (s *Status) isWhole() bool {
	return s.TransactionID != "" && s.Status != "" && (s.Transaction == nil || s.Transaction.isWhole())
}

func (p *HistoryPage) isWhole() bool { return areWhole(p.Transactions) }

func (p *FeedPage) isWhole() bool { return p.Next != "" && areWhole(p.Transactions) }

func areWhole(transactions []Transaction) bool {
	for index := range transactions {
		if !transactions[index].isWhole() {
			return false
		}
	}
	return transactions != nil
}
