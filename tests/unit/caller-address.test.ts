import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import fc from 'fast-check'
import t from 'tap'
import { createCallerAddress, subscriberOf } from '../../src/adapters/fastify/gate/caller-address.ts'

const PROXY = '10.0.0.1'

/** A request as it came over a connection from `from`. */
function requestFrom(from: string | undefined, forwardedFor?: string): IncomingMessage {
  const request = new IncomingMessage(Object.defineProperty(new Socket(), 'remoteAddress', { value: from }))
  if (forwardedFor !== undefined) request.headers['x-forwarded-for'] = forwardedFor
  return request
}

function callerOf(forwardedFor: string, trusted: readonly string[] = [PROXY], from = PROXY): string {
  return subscriberOf(createCallerAddress(trusted)(requestFrom(from, forwardedFor)))
}

t.test('one caller has one name, in whatever form a proxy writes the address', async (t) => {
  for (const form of [
    ...['10.9.0.1', '10.9.0.1:4001', '10.9.0.1:65535', '  10.9.0.1 ', '"10.9.0.1"', '"10.9.0.1:80"', '[10.9.0.1]:80'],
    ...['::ffff:10.9.0.1', '::FFFF:0a09:0001', '[::ffff:10.9.0.1]:443', '0:0:0:0:0:ffff:10.9.0.1'],
    ...[', 10.9.0.1', '10.9.0.1,', ' , ,10.9.0.1, ,', '\t10.9.0.1\t'],
  ])
    t.equal(callerOf(form), '10.9.0.1', JSON.stringify(form))
  for (const form of [
    ...['2001:db8::1', '2001:DB8:0:0::1', '2001:0db8:0000:0000:0000:0000:0000:0001', '[2001:db8::1]', '"2001:db8::1"'],
    ...['[2001:db8::1]:443', '"[2001:db8::1]:443"', '2001:db8::1%eth0', '[2001:db8::1%25eth0]:443'],
    ...['2001:db8:0:0:0:0:0:1:443', '2001:db8::1:443', '2001:db8::192.0.2.1'],
  ])
    t.equal(callerOf(form), '2001:db8::', JSON.stringify(form))
  for (const form of ['::1', '[::1]', '[::1]:80', '"[::1]:80"', '0::1']) t.equal(callerOf(form), '::', form)
})

t.test('an IPv6 network of 64 bits is one caller, and the next one another', async (t) => {
  t.equal(callerOf('2001:db8:0:1::1'), callerOf('2001:db8:0:1:ffff:ffff:ffff:ffff'))
  t.not(callerOf('2001:db8:0:1::1'), callerOf('2001:db8:0:2::1'))
})

t.test('the log has the whole address of the caller, written in one way', async (t) => {
  const address = (from: string, forwardedFor?: string) =>
    createCallerAddress(['10.0.0.0/8', '::1'])(requestFrom(from, forwardedFor))
  t.equal(address('9.9.9.9'), '9.9.9.9')
  t.equal(address('::ffff:9.9.9.9'), '9.9.9.9')
  t.equal(address('fe80::1%eth0'), 'fe80::1')
  t.equal(address('9.9.9.9', '1.1.1.1'), '9.9.9.9', 'no proxy')
  t.equal(address(PROXY, '1.1.1.1'), '1.1.1.1')
  t.equal(address('::1', '[2001:DB8:0::1]:443'), '2001:db8::1')
})

t.test('what is no address names no one: the caller is the last hop that is one', async (t) => {
  const garbage = [
    ...['unknown', '_hidden', 'client.example', '10.9.0', '10.9.0.256', '010.9.0.1', '0x0a.9.0.1', '167772161', '1'],
    ...['10.9.0.1:', '10.9.0.1:x', '10.9.0.1:123456', '[10.9.0.1', '::g', ':::', '[]', '[]:80', '""', '"', ':80', '%'],
    ...['10.9.0.1 10.9.0.2', '10.9.0.1;10.9.0.2', 'for=10.9.0.1', '\u0000', 'x'.repeat(15_000), '['.repeat(5000)],
  ]
  for (const text of garbage) {
    const what = JSON.stringify(text.slice(0, 20))
    t.equal(callerOf(text), PROXY, what)
    t.equal(callerOf(`9.9.9.9, ${text}`), PROXY, `${what}: nothing before it is believed`)
    t.equal(callerOf(`${text}, 9.9.9.9`), '9.9.9.9', `${what}: written by the client`)
    t.equal(callerOf(`${text}, 10.0.0.2`, ['10.0.0.0/24']), '10.0.0.2', `${what}: behind two proxies`)
  }
  t.equal(callerOf(''), PROXY)
  t.equal(callerOf(' , '), PROXY)
})

t.test('a proxy that is trusted is believed in any form of its address, another one never', async (t) => {
  t.equal(callerOf('1.1.1.1', [], PROXY), PROXY, 'none is trusted')
  t.equal(callerOf('1.1.1.1', ['10.0.0.2']), PROXY, 'another one is')
  t.equal(callerOf('1.1.1.1, 10.0.0.2:5000', ['10.0.0.0/8']), '1.1.1.1', 'a hop with a port')
  t.equal(callerOf('1.1.1.1, [::ffff:10.0.0.2]:5000', ['10.0.0.0/8']), '1.1.1.1', 'a hop as IPv6')
  t.equal(callerOf('1.1.1.1', ['10.0.0.0/8'], '::ffff:10.0.0.1'), '1.1.1.1', 'a connection to a socket of both kinds')
  t.equal(callerOf('1.1.1.1', ['::ffff:10.0.0.0/104']), '1.1.1.1', 'a network of IPv4 as IPv6')
  t.equal(callerOf('1.1.1.1', ['::ffff:0:0/96']), PROXY, 'not all of IPv4')
  t.equal(callerOf('1.1.1.1, 2001:DB8:0::2', [PROXY, '2001:db8::/32']), '1.1.1.1', 'IPv6 written otherwise')
  t.equal(callerOf('1.1.1.1, 2.2.2.2, 10.0.0.2', ['10.0.0.0/8']), '2.2.2.2', 'the client wrote what is before')
  t.equal(callerOf('10.0.0.3, 10.0.0.2', ['10.0.0.0/8']), '10.0.0.3', 'all of them are')
  t.equal(createCallerAddress([PROXY])(requestFrom(PROXY)), PROXY, 'nothing is forwarded')
  t.equal(createCallerAddress([PROXY])(requestFrom(undefined, '1.1.1.1')), 'unknown', 'the connection is gone')
})

t.test('whatever stands in the header, a caller has a name', async () => {
  const caller = createCallerAddress(['10.0.0.0/8'])
  const part = fc.constantFrom(...'[]":,.%/0123456789abcdef '.split(''), '::', '10.0.0.', 'unknown')
  fc.assert(
    fc.property(fc.array(fc.oneof(part, fc.string()), { maxLength: 30 }), (parts) => {
      const name = subscriberOf(caller(requestFrom(PROXY, parts.join(''))))
      return /^[\d.]+$|^[\da-f:]+$/.test(name)
    }),
  )
})
