import type { Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { reasonWithHint, withHint } from '../../src/connectors/ldap.hints.ts'
import { Unavailable, Unprocessable } from '../../src/platform/errors.ts'
import { sayWhenSkipped, slapdFolder, startSlapd } from '../harness/slapd.ts'
import { connectorOf, ldif } from './directory.ts'
import {
  answering,
  bindResult,
  element,
  entry,
  extendedResult,
  peer,
  read,
  search,
  searchResult,
  startTls,
} from './fake-peers.ts'

// Servers that are slow, broken or hostile: each ends as an error that says which, and never as an answer.

sayWhenSkipped('bad peers beside a real directory')

const away = (reason: string) =>
  new Unavailable(`the directory is unreachable: ${reasonWithHint(reason)}`, { reason: 'directory' })
const soon = { settings: { operationTimeout: 300 } }
const dn = 'uid=bo,dc=roster'

async function against(serve: (socket: Socket) => void, options: object = {}): Promise<unknown> {
  const server = await peer(serve)
  try {
    const connector = connectorOf(server, { ...soon, options: { ...options } })
    return await connector.logIn('bo', 'pw-bo').catch((error: unknown) => error)
  } finally {
    await server.close()
  }
}

describe('silence', () => {
  const silent = (socket: Socket) => socket.resume()
  test.each<[string, object]>([
    ['in the clear', {}],
    ['before TLS', { useSSL: true, connectTimeout: 300 }],
    ['after StartTLS was asked for', { startTLS: true, connectTimeout: 300 }],
  ])('%s is away', async (_, options) => {
    expect(await against(silent, options)).toEqual(away('timed out'))
  })

  test('after StartTLS was granted is away', async () => {
    const granted = (socket: Socket) => socket.once('data', request => socket.write(extendedResult(read(request).id, 0)))
    expect(await against(granted, { startTLS: true, connectTimeout: 300 })).toEqual(away('timed out'))
  })

  test('in the middle of an answer is away', async () => {
    const cut = answering(id => entry(id, dn, { uid: 'bo' }).subarray(0, 20))
    expect(await against(cut)).toEqual(away('timed out'))
  })
})

describe('an answer', () => {
  const broken = away('its answer cannot be read')
  /** An attribute whose list of values claims to be longer than the entry. */
  const overlong = (id: number) =>
    element(
      0x30,
      element(0x02, id),
      element(0x64, element(0x04, dn), element(0x30, element(0x30, element(0x04, 'uid'), Buffer.from([0x31, 0x20, 0x04, 0x18])))),
    )
  test.each<[string, (socket: Socket) => void, Error]>([
    ['of another protocol', socket => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'), broken],
    ['of zeros', socket => socket.write(Buffer.alloc(64)), broken],
    ['of a gigabyte', socket => socket.write(Buffer.from([0x30, 0x84, 0x40, 0, 0, 0, 2, 1])), broken],
    ['of negative length', socket => socket.write(Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 2, 1])), broken],
    ['that never ends inside', answering(overlong), broken],
    ['that is cut off', answering(() => null), away('the connection was lost')],
    ['that ends before it begins', socket => socket.end(), away('the connection was lost')],
    [
      'cut off after an entry',
      answering((id, socket) => {
        setImmediate(() => socket.end())
        return entry(id, dn, { uid: 'bo' })
      }),
      away('the connection was lost'),
    ],
    ['busy', answering(id => searchResult(id, 51)), away('busy (51)')],
    [
      'time limit',
      answering(id => searchResult(id, 3)),
      new Unprocessable('the directory answers timeLimitExceeded (3): it takes too long: have it index what the filters compare'),
    ],
    [
      'size limit, with an entry',
      answering(id => Buffer.concat([entry(id, dn, { uid: 'bo' }), searchResult(id, 4)])),
      new Unprocessable(
        'the directory answers sizeLimitExceeded (4): the account of config.credentials needs a higher limit there',
      ),
    ],
    [
      'a referral',
      answering(id => searchResult(id, 10)),
      new Unprocessable(`the directory answers ${withHint('referral (10)', 10)}`),
    ],
    [
      'nothing to a search without an account (Active Directory)',
      answering(id => searchResult(id, 1)),
      new Unprocessable(
        'the directory answers operationsError (1): Active Directory (000004DC) does not allow anonymous searches: set config.credentials',
      ),
    ],
    [
      'a code nobody knows',
      answering(id => searchResult(id, 99)),
      new Unprocessable('the directory answers unknownStatusCode (99)'),
    ],
    [
      'with a DN that would be nobody',
      answering(id => Buffer.concat([entry(id, '', { uid: 'bo' }), searchResult(id, 0)])),
      null as unknown as Error,
    ],
    [
      'without the userid',
      answering(id => Buffer.concat([entry(id, dn, { cn: 'bo' }), searchResult(id, 0)])),
      new Unprocessable('the directory returns no uid for a person found by it'),
    ],
  ])('%s', async (_, serve, outcome) => {
    expect(await against(serve)).toEqual(outcome)
  })

  test('with a part of the groups is no answer', async () => {
    const ranged = answering(id =>
      Buffer.concat([entry(id, dn, { uid: 'bo', 'memberOf;range=0-0': 'cn=a,dc=x' }), searchResult(id, 0)]),
    )
    expect(await against(ranged, { groupMembershipAttributes: ['memberOf'] })).toBeInstanceOf(Unprocessable)
  })

  test('in single bytes is an answer', async () => {
    const slow = (socket: Socket) => {
      const write = socket.write.bind(socket)
      socket.setNoDelay(true)
      socket.on('data', request => {
        const { id, kind } = read(request)
        const answer = kind === 0x60 ? bindResult(id, 0) : Buffer.concat([entry(id, dn, { uid: 'bo' }), searchResult(id, 0)])
        for (const byte of answer) write(Buffer.from([byte]))
      })
    }
    expect(await against(slow)).toMatchObject({ userid: 'bo', id: dn })
  })
})

test('each bind has a connection of its own, which ends with an unbind', async () => {
  const kinds: number[][] = []
  const server = await peer(socket => {
    const own: number[] = []
    kinds.push(own)
    socket.on('data', request => own.push(read(request).kind))
    answering(id => Buffer.concat([entry(id, dn, { uid: 'bo' }), searchResult(id, 0)]))(socket)
  })
  try {
    const connector = connectorOf(server)
    await connector.logIn('bo', 'pw-bo')
    await expect.poll(server.open).toBe(0)
    const [bind, unbind] = [0x60, 0x42]
    expect(kinds).toEqual([
      [bind, search, search, unbind],
      [bind, unbind],
    ])
    await connector.logIn('bo', '')
    await connector.find('bo\0')
    expect(server.seen()).toBe(2)
  } finally {
    await server.close()
  }
})

describe.skipIf(slapdFolder === null)('beside a real directory', () => {
  test('a host that hangs is passed over', async () => {
    const slapd = await startSlapd({ ldif })
    const hanging = await peer(socket => socket.resume(), { host: '127.0.0.2', port: slapd.port })
    try {
      const connector = connectorOf(slapd, { ...soon, options: { host: '127.0.0.2,127.0.0.1' } })
      expect(await connector.logIn('bo', 'pw-bo')).toMatchObject({ userid: 'bo' })
      expect(await connector.logIn('bo', 'wrong')).toBe(null)
    } finally {
      await hanging.close()
      await slapd.close()
    }
  })

  // The requests after StartTLS are counted on, or from the beginning.
  test.each([0, 1])('what is slipped in before StartTLS is not taken for an answer after it', async next => {
    const { certificates, close } = await startSlapd({ ldif })
    await close()
    // The beginning of "success" for the next request, whose text would swallow the true refusal that follows it encrypted.
    const forged = (id: number, swallowed: number) =>
      Buffer.from([0x30, 12 + swallowed, 2, 1, id, 0x61, 7 + swallowed, 0x0a, 1, 0, 4, 0, 4, swallowed])
    const between = (socket: Socket) =>
      socket.once('data', request => {
        const { id, kind } = read(request)
        expect(kind).toBe(startTls)
        const refusal = bindResult(0, 49).length
        socket.write(Buffer.concat([extendedResult(id, 0), forged(id + next, refusal)]))
        const secured = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext(certificates.server) })
        secured.on('error', () => {})
        secured.on('data', asked => secured.write(bindResult(read(asked).id, 49)))
      })
    const outcome = await against(between, { startTLS: true, ca: certificates.ca })
    expect(outcome).toEqual(new Unprocessable('the directory rejects the account of config.credentials: invalidCredentials (49)'))
  })
})
