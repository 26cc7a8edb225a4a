import postgres from 'postgres'
import t from 'tap'
import { ConnectionError } from '../../src/adapters/postgres/connection.ts'
import { isBug, isRolledBack } from '../../src/adapters/postgres/errors.ts'

/** An error as the driver makes one of what the server sent. */
function serverError(code: string, severity = 'ERROR'): Error {
  return Object.assign(new postgres.PostgresError('a message'), { name: 'PostgresError', code, severity })
}

function coded(code: string): Error {
  return Object.assign(new Error('a message'), { code })
}

t.test('a statement that cannot be right is a bug, and trying it again would not help', async (t) => {
  for (const code of ['22P02', '22003', '23514', '23502', '23503', '42601', '42P01', '42703', '42804', '42846']) {
    t.equal(isBug(serverError(code)), true, code)
  }
})

t.test('a server in trouble is worth another try', async (t) => {
  for (const code of [
    '08006', // connection failure
    '25006', // read-only: a standby, or a primary that was made so
    '25P03', // idle in transaction too long
    '40001', // serialization failure
    '40P01', // deadlock
    '53100', // disk full
    '53200', // out of memory
    '53300', // too many connections
    '55P03', // lock not available
    '57014', // statement cancelled by its timeout
    '57P01', // terminated by the administrator
    '57P02', // crash of another backend
    '57P03', // starting up
    '58030', // I/O error
    'XX000', // internal error
  ]) {
    t.equal(isBug(serverError(code)), false, code)
  }
})

t.test('a unique violation is no bug: another transaction with the same ID was first', async (t) => {
  t.equal(isBug(serverError('23505')), false)
})

t.test('a lost connection is no bug, no matter who noticed it', async (t) => {
  t.equal(isBug(new ConnectionError('the connection is lost')), false)
  for (const code of ['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'CONNECTION_CLOSED', 'CONNECT_TIMEOUT']) {
    t.equal(isBug(coded(code)), false, code)
  }
})

t.test('anything else that is thrown is a bug', async (t) => {
  for (const error of [new TypeError('x'), new RangeError('x'), new Error('x'), 'a string', undefined, null]) {
    t.equal(isBug(error), true, String(error))
  }
})

t.test('a driver or a Node.js that was called wrongly is a bug, though its error has a code too', async (t) => {
  for (const code of ['UNDEFINED_VALUE', 'NOT_TAGGED_CALL', 'UNSAFE_TRANSACTION', 'MAX_PARAMETERS_EXCEEDED']) {
    t.equal(isBug(coded(code)), true, code)
  }
  t.equal(isBug(Object.assign(new TypeError('x'), { code: 'ERR_INVALID_ARG_TYPE' })), true)
  t.equal(isBug(Object.assign(new RangeError('x'), { code: 'ERR_SOCKET_BAD_PORT' })), true)
})

t.test('only a server that turned a statement down and lives on has surely rolled back', async (t) => {
  t.equal(isRolledBack(serverError('23505', 'ERROR')), true)
  t.equal(isRolledBack(serverError('57014', 'ERROR')), true)
  t.equal(isRolledBack(serverError('25006', 'ERROR')), true)
  for (const severity of ['FATAL', 'PANIC']) t.equal(isRolledBack(serverError('57P01', severity)), false, severity)
  for (const error of [new ConnectionError('lost'), coded('ECONNRESET'), new Error('x'), undefined]) {
    t.equal(isRolledBack(error), false)
  }
})
