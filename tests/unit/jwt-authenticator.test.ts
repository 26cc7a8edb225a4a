import { randomBytes } from 'node:crypto'
import { exportJWK, generateKeyPair } from 'jose'
import t from 'tap'
import { createIssuer, trusting } from '../support/http/issuer.ts'

t.test('a token says who its user is, and whether they are an administrator', async (t) => {
  const issuer = await createIssuer(t)
  const { authenticate, said } = trusting(issuer)
  for (const [claims, admin] of [
    [{}, false],
    [{ scope: 'openid wallet:read' }, false],
    [{ scope: 'wallet:admin' }, true],
    [{ scope: 'openid wallet:admin email' }, true],
    [{ scp: ['openid', 'wallet:admin'] }, true],
    [{ scp: 'openid wallet:admin' }, true],
    [{ scp: ['openid wallet:admin'] }, false],
    [{ scope: 'wallet:administrator' }, false],
    [{ scope: 'my-wallet:admin' }, false],
    [{ scope: { 'wallet:admin': true } }, false],
    [{ scope: true, scp: 7 }, false],
    [{ roles: ['wallet:admin'] }, false],
  ] as const) {
    const verdict = await authenticate(await issuer.token('auth0|42', { claims }))
    t.match(verdict, { kind: 'authenticated', caller: { userID: 'auth0|42', admin } }, JSON.stringify(claims))
  }
  t.equal(issuer.fetches(), 1, 'the keys are fetched once')
  t.strictSame(said, [])
})

t.test('every user ID of the contract may be a sub, and nothing else', async (t) => {
  const issuer = await createIssuer(t)
  const { authenticate } = trusting(issuer)
  for (const sub of ['a', '名前', '...', 'a@b.c', 'x'.repeat(128), '<b>ann</b>'])
    t.match(await authenticate(await issuer.token(sub)), { kind: 'authenticated', caller: { userID: sub } }, sub)
  for (const sub of ['', ' ', ' a', '.', '..', 'a\n', 'a\0b', 'x'.repeat(129)])
    t.strictSame(
      await authenticate(await issuer.token(sub)),
      { kind: 'refused', fault: 'no user' },
      JSON.stringify(sub),
    )
  for (const sub of [42, null, ['ann'], { id: 'ann' }]) {
    const verdict = await authenticate(await issuer.token('ann', { claims: { sub } }))
    t.match(verdict, { kind: 'refused' }, JSON.stringify(sub))
  }
})

t.test('what is wrong with a token is told by name, and none of it is a fault of the key set', async (t) => {
  const issuer = await createIssuer(t)
  const { authenticate, said } = trusting(issuer)
  const faults: Readonly<Record<string, string>> = {
    expired: 'expired',
    'not yet valid': 'not yet valid',
    'wrong audience': 'other audience',
    'wrong issuer': 'other issuer',
    'no `sub`': 'no user',
    '`sub` is no user ID': 'no user',
  }
  for (const [what, token] of Object.entries(await issuer.wrongTokens('ann')))
    t.strictSame(await authenticate(token), { kind: 'refused', fault: faults[what] ?? 'untrusted' }, what)
  const good = await issuer.token('ann')
  for (let round = 0; round < 500; round += 1) {
    const at = round % good.length
    const broken = good.slice(0, at) + randomBytes(3).toString('base64url') + good.slice(at + 1)
    t.match(await authenticate(broken), { kind: 'refused' }, broken)
  }
  t.strictSame(said, [])
})

t.test('clocks may be apart by a few seconds', async (t) => {
  const issuer = await createIssuer(t)
  const { authenticate } = trusting(issuer)
  const now = Math.floor(Date.now() / 1000)
  const claims = { exp: now - 2, nbf: now + 2 }
  t.match(await authenticate(await issuer.token('ann', { claims: { exp: claims.exp } })), { kind: 'authenticated' })
  t.match(await authenticate(await issuer.token('ann', { claims: { nbf: claims.nbf } })), { kind: 'authenticated' })
  t.match(await authenticate(await issuer.token('ann', { claims: { exp: now - 8 } })), { fault: 'expired' })
  t.match(await authenticate(await issuer.token('ann', { claims: { nbf: now + 20 } })), { fault: 'not yet valid' })
})

t.test('for how long a token is still good is told, with the seconds that clocks may be apart', async (t) => {
  const issuer = await createIssuer(t)
  const exp = Math.floor(Date.now() / 1000) + 3600
  const token = await issuer.token('ann', { claims: { exp } })
  const earliest = Date.now()
  const verdict = await trusting(issuer).authenticate(token)
  const goodForMs = verdict.kind === 'authenticated' ? verdict.caller.goodForMs : Number.NaN
  t.ok(goodForMs <= (exp + 5) * 1000 - earliest && goodForMs >= (exp + 5) * 1000 - Date.now(), String(goodForMs))
})

t.test('every asymmetric algorithm is taken', async (t) => {
  const issuer = await createIssuer(t)
  const { authenticate } = trusting(issuer)
  const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES384', 'ES512', 'EdDSA', 'Ed25519']
  const keys = new Map<string, Awaited<ReturnType<typeof generateKeyPair>>>()
  for (const alg of algorithms) {
    const pair = await generateKeyPair(alg, { extractable: true })
    keys.set(alg, pair)
    issuer.publish({ ...(await exportJWK(pair.publicKey)), kid: alg, alg })
  }
  for (const [alg, { privateKey }] of keys) {
    const token = await issuer.token('ann', { header: { alg, kid: alg }, key: privateKey })
    t.match(await authenticate(token), { kind: 'authenticated' }, alg)
  }
})

t.test('a token that names no key is taken where one fits, and not where several might', async (t) => {
  const issuer = await createIssuer(t)
  const token = await issuer.tokenWithoutKeyID('ann')
  t.match(await trusting(issuer).authenticate(token), { kind: 'authenticated' })
  const { publicKey } = await generateKeyPair('ES256', { extractable: true })
  issuer.publish({ ...(await exportJWK(publicKey)), kid: 'another', alg: 'ES256' })
  t.strictSame(await trusting(issuer).authenticate(token), { kind: 'refused', fault: 'untrusted' })
})

t.test('a key that was rotated in is found, and one that was rotated out is trusted no longer', async (t) => {
  const issuer = await createIssuer(t)
  const { authenticate } = trusting(issuer, { cooldownMs: 0 })
  const old = await issuer.token('ann')
  t.match(await authenticate(old), { kind: 'authenticated' })
  await issuer.rotate()
  t.match(await authenticate(await issuer.token('ann')), { kind: 'authenticated' })
  t.strictSame(await authenticate(old), { kind: 'refused', fault: 'untrusted' })
})

t.test('after its time the key set is fetched again, so that a key that was withdrawn goes by itself', async (t) => {
  const issuer = await createIssuer(t)
  const { authenticate } = trusting(issuer, { maxAgeMs: 0 })
  const old = await issuer.token('ann')
  t.match(await authenticate(old), { kind: 'authenticated' })
  await issuer.rotate()
  t.strictSame(await authenticate(old), { kind: 'refused', fault: 'untrusted' })
})

t.test('tokens with unknown keys do not make the service call the issuer again and again', async (t) => {
  const issuer = await createIssuer(t)
  const { authenticate } = trusting(issuer)
  const { 'unknown kid': unknown = '', garbage = '', '`alg: none`': none = '' } = await issuer.wrongTokens('ann')
  await Promise.all([garbage, none].map(authenticate))
  t.equal(issuer.fetches(), 0, 'for what cannot be right no one is called')
  await Promise.all(Array.from({ length: 50 }, () => authenticate(unknown)))
  t.equal(issuer.fetches(), 1)
})

t.test('without keys no one is let in, whatever is wrong with them, and it is said once why', async (t) => {
  const issuer = await createIssuer(t)
  const { authenticate, said } = trusting(issuer, { timeoutMs: 1000, maxAgeMs: 0 })
  const { privateKey } = await generateKeyPair('RS256')
  const token = await issuer.token('ann', { header: { alg: 'RS256', kid: 'weak' }, key: privateKey })
  const weak = { kty: 'RSA', n: Buffer.alloc(128, 0xff).toString('base64url'), e: 'AQAB', kid: 'weak', alg: 'RS256' }
  for (const [reason, answer] of [
    [/200 OK/, (response) => response.writeHead(500).end()],
    [/malformed/, (response) => response.end('{}')],
    [/JSON/, (response) => response.end('<html>')],
    [/200 OK/, (response) => response.writeHead(302, { location: issuer.jwksURL.href }).end()],
    [/fetch failed|terminated/, (response) => response.destroy()],
    [/timed out/, () => {}],
    [/2048/, (response) => response.end(JSON.stringify({ keys: [weak] }))],
  ] as const satisfies [RegExp, Parameters<typeof issuer.answerWith>[0]][]) {
    issuer.answerWith(answer)
    for (let round = 0; round < 2; round += 1) t.strictSame(await authenticate(token), { kind: 'unavailable' })
    t.match(said.at(-1), reason)
    t.notMatch(said.at(-1), token)
  }
  t.equal(said.length, 7, 'each reason is said once')
  await issuer.stop()
  t.strictSame(await authenticate(token), { kind: 'unavailable' })
  t.match(said.at(-1), /fetch failed/)
  await issuer.start()
  issuer.answerWith()
  t.match(
    await authenticate(await issuer.token('ann')),
    { kind: 'authenticated' },
    'and all is well when they are back',
  )
})

t.test('keys that were fetched serve on while the issuer is down', async (t) => {
  const issuer = await createIssuer(t)
  const { authenticate } = trusting(issuer)
  const token = await issuer.token('ann')
  await authenticate(token)
  await issuer.stop()
  t.match(await authenticate(token), { kind: 'authenticated' })
  t.match(await authenticate('garbage'), { kind: 'refused' })
})
