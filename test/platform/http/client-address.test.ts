import { afterAll, expect, test } from 'vitest'
import { subjectsOf } from '../../../src/domain/credentials/lockout.ts'
import { trustedProxiesOf } from '../../../src/platform/config/parse.ts'
import { clientAddress } from '../../../src/platform/http/client-address.ts'
import { bootApp, type TestApp } from '../../harness/app.ts'

const trusting = (text: string) => trustedProxiesOf(text, 'TRUSTED_PROXIES')
const PROXY = '10.0.0.2'
const ours = trusting('10.0.0.0/8, 2001:db8:1::/48, 127.0.0.1')

test.each<[string, string, Record<string, string>, string]>([
  ['no header', PROXY, {}, PROXY],
  ['one proxy', PROXY, { 'x-forwarded-for': '192.0.2.1' }, '192.0.2.1'],
  ['two proxies', PROXY, { 'x-forwarded-for': '192.0.2.1, 10.9.9.9' }, '192.0.2.1'],
  ['what the client claims', PROXY, { 'x-forwarded-for': '203.0.113.5, 192.0.2.1' }, '192.0.2.1'],
  ['only proxies', PROXY, { 'x-forwarded-for': '10.1.1.1, 10.9.9.9' }, '10.1.1.1'],
  ['a peer that is no proxy', '198.51.100.1', { 'x-forwarded-for': '192.0.2.1' }, '198.51.100.1'],
  ['a mapped peer and client', '::ffff:10.0.0.2', { 'x-forwarded-for': '::FFFF:192.0.2.1' }, '192.0.2.1'],
  ['a mapped client in hexadecimal', PROXY, { 'x-forwarded-for': '::ffff:c000:201' }, '192.0.2.1'],
  ['a port', PROXY, { 'x-forwarded-for': '192.0.2.1:51000' }, '192.0.2.1'],
  ['IPv6 with a port', PROXY, { 'x-forwarded-for': '[2001:DB8::1]:51000' }, '2001:db8::1'],
  ['IPv6 through IPv6', '2001:db8:1::2', { 'x-forwarded-for': '2001:0db8:0:0::1' }, '2001:db8::1'],
  ['a word', PROXY, { 'x-forwarded-for': '192.0.2.1, unknown' }, PROXY],
  ['an empty entry', PROXY, { 'x-forwarded-for': '192.0.2.1,' }, PROXY],
  ['an address out of range', PROXY, { 'x-forwarded-for': '192.0.2.256' }, PROXY],
  ['a word behind the client', PROXY, { 'x-forwarded-for': 'junk, 192.0.2.1' }, '192.0.2.1'],
  ['Forwarded', PROXY, { forwarded: 'for=203.0.113.5, For="192.0.2.1:4711";proto=https;by=10.0.0.2' }, '192.0.2.1'],
  ['Forwarded with IPv6', PROXY, { forwarded: 'proto=https;for="[2001:db8::1]:4711"' }, '2001:db8::1'],
  ['Forwarded that hides', PROXY, { forwarded: 'for=192.0.2.1, for=_hidden' }, PROXY],
  ['Forwarded without for', PROXY, { forwarded: 'proto=https' }, PROXY],
  ['both: X-Forwarded-For counts', PROXY, { 'x-forwarded-for': '192.0.2.1', forwarded: 'for=203.0.113.5' }, '192.0.2.1'],
])('networks: %s', (_, socket, headers, expected) => {
  expect(clientAddress(socket, headers, ours)).toBe(expected)
  // Never without the setting.
  expect(clientAddress(socket, headers, null)).toBe(socket.replace('::ffff:', ''))
})

test.each<[string, string, string | undefined, string]>([
  ['the last of one', '1', '203.0.113.5, 192.0.2.1', '192.0.2.1'],
  ['the last but one of two', '2', '203.0.113.5, 192.0.2.1, 198.51.100.7', '192.0.2.1'],
  ['fewer than hops', '2', '192.0.2.1', PROXY],
  ['none', '1', undefined, PROXY],
  ['no address', '1', 'junk', PROXY],
])('hops: %s', (_, hops, list, expected) => {
  expect(clientAddress(PROXY, list === undefined ? {} : { 'x-forwarded-for': list }, trusting(hops))).toBe(expected)
})

test('a header of 16 KB is read in a moment', () => {
  const begun = performance.now()
  for (const list of [','.repeat(16_000), '['.repeat(16_000), '1.'.repeat(8_000), '10.0.0.1,'.repeat(1_700), '"'.repeat(16_000)])
    for (const name of ['x-forwarded-for', 'forwarded']) clientAddress(PROXY, { [name]: list }, ours)
  expect(performance.now() - begun).toBeLessThan(50)
})

test.each(['', '0', '11', '10.0.0.0/33', '10.0.0/8', 'localhost', '10.0.0.1,,10.0.0.2', '::1/129', '1.2.3.4/8/8', 'true'])(
  '%j is no setting',
  text => {
    expect(() => trusting(text)).toThrow(/^TRUSTED_PROXIES must be/)
  },
)

let app: TestApp | null = null
afterAll(() => app?.close())

test('failed log-ins count for the client behind the proxy, whose address stands in audit and log', async () => {
  app = await bootApp({ env: { TRUSTED_PROXIES: '127.0.0.1' }, logged: true })
  const ana = await app.as([])
  const logIn = async (address: string, username: string, password: string) => {
    const response = await fetch(`${app!.url}/bim/iam/bim/user/authenticate`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
      body: JSON.stringify({ username, password }),
    })
    return response.status
  }
  for (let index = 0; index < 3; index++) expect(await logIn('203.0.113.5', `nobody${index}`, 'wrong')).toBe(401)
  const failuresOf = async (address: string) =>
    (await app!.store.db.prisma.loginFailure.findUnique({ where: { subject: subjectsOf('', '', address).address } }))?.failures ??
    0
  expect([await failuresOf('203.0.113.5'), await failuresOf('127.0.0.1')]).toEqual([3, 0])
  expect(await logIn('192.0.2.1', ana.userid, ana.password)).toBe(200)
  const events = await app.store.db.query('SELECT event, address FROM audit_events ORDER BY id DESC LIMIT 1')
  expect(events).toEqual([{ event: 'loginSucceeded', address: '192.0.2.1' }])
  expect(app.logged.filter(({ msg, address }) => msg === 'request' && address === '192.0.2.1')).toHaveLength(1)
}, 60_000)
