import fc from 'fast-check'
import t from 'tap'
import { parseUserID, toUserID, USER_ID_PATTERN } from '../../src/domain/user-id.ts'

const EMOJI = '🦊'
const FAMILY = '👨‍👩‍👧'
const ZERO_WIDTH_SPACE = '\u200b'

t.test('anything that reads as a name is a user ID', async (t) => {
  const names = [
    'a',
    'auth0|42',
    '名前',
    'a@b.c',
    '...',
    '.a',
    '..a',
    'a..',
    '. .',
    '%2F',
    '/',
    '?',
    '#',
    'a b',
    '"',
    "'",
    '\\',
    '{}',
  ]
  for (const name of [...names, 'null', '0', '__proto__', EMOJI, FAMILY, 'e\u0301', 'é', ZERO_WIDTH_SPACE]) {
    t.equal(parseUserID(name), name, JSON.stringify(name))
    t.equal(toUserID(name), name)
  }
})

t.test('the length is counted in characters, not in UTF-16 units', async (t) => {
  t.equal(parseUserID('')?.length, undefined)
  t.ok(parseUserID('x'.repeat(128)))
  t.notOk(parseUserID('x'.repeat(129)))
  t.ok(parseUserID(EMOJI.repeat(128)))
  t.notOk(parseUserID(EMOJI.repeat(129)))
})

t.test('every control character is turned down, wherever it stands', async (t) => {
  for (let code = 0; code <= 0x9f; code += 1) {
    if (code > 0x1f && code < 0x7f) continue
    const control = String.fromCharCode(code)
    const name = `U+${code.toString(16).padStart(4, '0')}`
    for (const text of [control, `a${control}b`, `${control}a`, `a${control}`]) t.notOk(parseUserID(text), name)
  }
})

t.test('white space of any script is turned down at the ends and taken inside', async (t) => {
  const spaces = [
    ' ',
    '\u00a0',
    '\u1680',
    '\u2000',
    '\u200a',
    '\u2028',
    '\u2029',
    '\u202f',
    '\u205f',
    '\u3000',
    '\ufeff',
  ]
  for (const space of spaces) {
    const name = `U+${space.charCodeAt(0).toString(16).padStart(4, '0')}`
    for (const text of [space, `${space}a`, `a${space}`]) t.notOk(parseUserID(text), `${name} at an end`)
    t.ok(parseUserID(`a${space}b`), `${name} inside`)
  }
})

t.test('what browsers take out of a path is no user ID', async (t) => {
  for (const text of ['.', '..']) t.notOk(parseUserID(text), text)
})

t.test('half a surrogate pair is turned down, since no database can keep it', async (t) => {
  for (const half of ['\ud800', '\udbff', '\udc00', '\udfff']) {
    for (const text of [half, `a${half}`, `${half}a`, `a${half}b`, `${half}${half}`]) t.notOk(parseUserID(text))
  }
  t.notOk(parseUserID('\udc00\ud800'), 'a pair the wrong way round')
})

t.test('who reads the pattern without the u flag reads the same user IDs', async () => {
  const [withFlag, without] = [new RegExp(USER_ID_PATTERN, 'u'), new RegExp(USER_ID_PATTERN)]
  const unit = fc.oneof(
    fc.constantFrom('.', '..', 'p', '{', '}', 'C', 'c', ' ', '\u0085', '\ud800', '\udc00', EMOJI, '\u3000'),
    fc.string(),
  )
  const texts = fc.oneof(
    fc.array(unit, { maxLength: 6 }).map((units) => units.join('')),
    fc.nat(140).map((length) => EMOJI.repeat(length)),
  )
  fc.assert(fc.property(texts, (text) => withFlag.test(text) === without.test(text)))
})

t.test('what was validated before and is no user ID after all is a bug, and its text is not told', async (t) => {
  t.throws(() => toUserID(' secret'), new RangeError('not a user ID'))
})
