import t from 'tap'
import { complaintOf, type ServerState } from '../../db/preconditions.ts'

const GOOD: ServerState = {
  standby: false,
  version: '15.0',
  major: 15,
  encoding: 'UTF8',
  schema: 'public',
  search_path: '"$user", public',
  replication_role: 'origin',
}

t.test('the oldest PostgreSQL that the tests run on will do, and everything later', async (t) => {
  t.equal(complaintOf(GOOD), undefined)
  t.equal(complaintOf({ ...GOOD, version: '19beta1', major: 19 }), undefined)
})

const COMPLAINTS: readonly (readonly [Partial<ServerState>, string])[] = [
  [{ version: '14.19', major: 14 }, 'the server is PostgreSQL 14.19, and the service needs 15 or later: upgrade'],
  [{ version: '9.6.24', major: 9 }, 'the server is PostgreSQL 9.6.24, and the service needs 15 or later: upgrade'],
  [{ standby: true }, 'the server is a standby, where nothing can be written: point DATABASE_URL at the primary'],
  [{ encoding: 'LATIN1' }, 'the database has the encoding LATIN1, which cannot hold every user ID: create one with'],
  [{ encoding: 'SQL_ASCII' }, 'the database has the encoding SQL_ASCII, which cannot hold every user ID'],
  [{ schema: null, search_path: 'gone' }, 'no schema of the search_path (gone) exists: create it, or change'],
  [
    { replication_role: 'replica' },
    'session_replication_role is replica for the role or the database, which turns off',
  ],
]

for (const [state, complaint] of COMPLAINTS)
  t.test(`a server with ${JSON.stringify(state)} is refused, with what to do about it`, async (t) => {
    t.equal(complaintOf({ ...GOOD, ...state })?.slice(0, complaint.length), complaint)
  })
