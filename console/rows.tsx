import { Amount } from './amount.tsx'
import { linkTo } from './location.ts'
import { type Noted, NoteLine } from './note.tsx'
import { readable } from './times.ts'
import { TYPES } from './transaction-types.ts'

/** A transaction as it is shown: the client's, or one of the console's own answers. */
export interface Shown extends Noted {
  readonly id: number
  readonly transactionID: string
  readonly userID: string
  readonly type: keyof typeof TYPES
  readonly amount: bigint | number
  readonly balance: bigint | number
  readonly passiveUserID: string | null
  readonly createdAt: string
}

interface RowsProps {
  readonly transactions: readonly Shown[]
  readonly of?: Scope
}

/** Of several wallets each line says of which one; under one reference no line says under which. */
type Scope = 'wallet' | 'reference' | 'ledger'

/** Transactions, a line each. What clients added has a column if any of them has something. */
export function Rows({ transactions, of = 'wallet' }: RowsProps) {
  const ofReference = of === 'reference'
  const noted = transactions.some(
    ({ reference, metadata }) => (reference !== undefined && !ofReference) || metadata !== undefined,
  )
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            {of !== 'wallet' && <th scope="col">Wallet</th>}
            <th scope="col">ID</th>
            <th scope="col">Time (UTC)</th>
            <th scope="col">Type</th>
            <th scope="col">With</th>
            <th scope="col" class="number">
              Amount
            </th>
            <th scope="col" class="number">
              Balance after
            </th>
            {noted && <th scope="col">{ofReference ? 'Metadata' : 'Reference'}</th>}
            <th scope="col">Transaction ID</th>
          </tr>
        </thead>
        <tbody>
          {transactions.map((transaction) => (
            <Row key={`${transaction.id} ${transaction.userID}`} transaction={transaction} of={of} noted={noted} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface RowProps {
  readonly transaction: Shown
  readonly of: Scope
  readonly noted: boolean
}

function Row({ transaction, of, noted }: RowProps) {
  const { id, userID, createdAt, type, passiveUserID, amount, balance, transactionID } = transaction
  return (
    <tr>
      {of !== 'wallet' && (
        <td class="user">
          <a href={linkTo('wallets', userID)}>{userID}</a>
        </td>
      )}
      <td>{id}</td>
      <td class="time">
        <time dateTime={createdAt}>{readable(createdAt)}</time>
      </td>
      <td>{TYPES[type].label}</td>
      <td class="user">{passiveUserID !== null && <a href={linkTo('wallets', passiveUserID)}>{passiveUserID}</a>}</td>
      <td class="number">
        <Amount units={amount} sign={TYPES[type].sign} />
      </td>
      <td class="number">
        <Amount units={balance} />
      </td>
      {noted && (
        <td class="note">
          <NoteLine {...transaction} reference={of === 'reference' ? undefined : transaction.reference} />
        </td>
      )}
      <td class="code">
        <a href={linkTo('transactions', transactionID)}>{transactionID}</a>
      </td>
    </tr>
  )
}
