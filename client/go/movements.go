package wallet

import (
	"fmt"
	"unicode/utf8"
)

// MaxAmount is the most that one movement moves, and that a wallet holds: 2^53 − 1.
const MaxAmount int64 = 1<<53 - 1

// Movement is money in, out, or across: Deposit, Withdrawal and Transfer make one.
type Movement struct {
	// Type is TypeDeposit, TypeWithdrawal or TypeTransferOut.
	Type Type
	// From is empty for a deposit, To for a withdrawal.
	From, To string
	// Amount is in base units, 1 to MaxAmount.
	Amount int64
	// Reference has at most 64 characters, and is on both halves of a transfer. Empty: none.
	Reference string
	// Metadata holds fields of your own, which the recipient never sees. nil: none.
	Metadata map[string]string
	// IfVersion makes it be refused with VERSION_MISMATCH unless the wallet of the user who acts has this version.
	IfVersion *int64
	// TransactionID was issued to the user who acts; Client.Begin fills it in.
	TransactionID string
}

// Deposit is money into a wallet.
func Deposit(to string, amount int64) Movement {
	return Movement{Type: TypeDeposit, To: to, Amount: amount}
}

// Withdrawal is money out of a wallet.
func Withdrawal(from string, amount int64) Movement {
	return Movement{Type: TypeWithdrawal, From: from, Amount: amount}
}

// Transfer is money from one wallet to another.
func Transfer(from, to string, amount int64) Movement {
	return Movement{Type: TypeTransferOut, From: from, To: to, Amount: amount}
}

// Actor is whose wallet it changes first, and who is issued its ID.
func (m Movement) Actor() string {
	if m.Type == TypeDeposit {
		return m.To
	}
	return m.From
}

func (m Movement) check() error {
	if m.Amount < 1 || m.Amount > MaxAmount {
		return fmt.Errorf("not an amount: %d; expected base units, 1 to %d", m.Amount, MaxAmount)
	}
	if m.Type != TypeDeposit && m.Type != TypeWithdrawal && m.Type != TypeTransferOut {
		return fmt.Errorf("not the type of a movement: %d", m.Type)
	}
	texts := []string{m.From, m.To, m.Reference, m.TransactionID}
	for key, value := range m.Metadata {
		texts = append(texts, key, value)
	}
	for _, text := range texts {
		// encoding/json would put another character in place of what it cannot write: money would go to another user.
		if !utf8.ValidString(text) {
			return fmt.Errorf("not UTF-8: %q", text)
		}
	}
	return nil
}

var routes = map[Type]string{TypeDeposit: "deposit", TypeWithdrawal: "withdraw", TypeTransferOut: "transfer"}

// movementBody is a movement that is sent alone.
type movementBody struct {
	Amount        int64             `json:"amount"`
	PassiveUserID string            `json:"passiveUserID,omitempty"`
	TransactionID string            `json:"transactionID"`
	Reference     string            `json:"reference,omitempty"`
	Metadata      map[string]string `json:"metadata,omitempty"`
}

// movementItem is one of a list.
type movementItem struct {
	UserID string `json:"userID"`
	Type   Type   `json:"type"`
	movementBody
	IfVersion *int64 `json:"ifVersion,omitempty"`
}

func (m Movement) body() movementBody {
	body := movementBody{
		Amount:        m.Amount,
		TransactionID: m.TransactionID,
		Reference:     m.Reference,
		Metadata:      m.Metadata,
	}
	if m.Type == TypeTransferOut {
		body.PassiveUserID = m.To
	}
	return body
}

func (m Movement) item() movementItem {
	return movementItem{UserID: m.Actor(), Type: m.Type, movementBody: m.body(), IfVersion: m.IfVersion}
}
