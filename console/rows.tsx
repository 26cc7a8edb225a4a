import { Amount } from './amount.tsx'
import { linkTo } from './location.ts'
import { type Noted, NoteLine } from './note.tsx'
import { readable } from './times.ts'
import { TYPES } from './transaction-types.ts'

/** A transaction as it is shown: the client's, or one of the console's own answers. */
interface Shown extends Noted {
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
  /** Of several wallets and under one reference: each line says of which wallet, and not under which reference. */
  readonly ofReference?: boolean
}

/** Transactions, a line each. What clients added has a column if any of them has something. */
export function Rows({ transactions, ofReference = false }: RowsProps) {
  const noted = transactions.some(
    ({ reference, metadata }) => (reference !== undefined && !ofReference) || metadata !== undefined,
  )
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            {ofReference && <th scope="col">Wallet</th>}
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
            <Row
              key={`${transaction.id} ${transaction.userID}`}
              transaction={transaction}
              ofReference={ofReference}
              noted={noted}
            />
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface RowProps {
  readonly transaction: Shown
  readonly ofReference: boolean
  readonly noted: boolean
}

function Row({ transaction, ofReference, noted }: RowProps) {
  const { id, userID, createdAt, type, passiveUserID, amount, balance, transactionID } = transaction
  return (
    <tr>
      {ofReference && (
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
          <NoteLine {...transaction} reference={ofReference ? undefined : transaction.reference} />
        </td>
      )}
      <td class="code">
        <a href={linkTo('transactions', transactionID)}>{transactionID}</a>
      </td>
    </tr>
  )
}
