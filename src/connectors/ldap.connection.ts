import { isIP, type Socket } from 'node:net'
import { createSecureContext, type SecureContext } from 'node:tls'
import { domainToASCII } from 'node:url'
import { Client, PasswordPolicyControl, ResultCodeError } from 'ldapts'
import { Invalid, RosterError, Unavailable, Unprocessable } from '../platform/errors.ts'
import { IN_TIME, type Outbound, OutboundError } from '../platform/outbound/connect.ts'
import { createMessageReader, hasNextPage } from './ldap.framing.ts'
import { reasonWithHint, withHint } from './ldap.hints.ts'

// One connection to one host of a directory, and which host that is. We open the sockets ourselves, so that one time limit holds from
// the first packet to the end of the TLS handshake, and so that the client cannot connect anew on its own: what it would ask on a
// second connection it would ask as nobody.

/** How a directory is reached. Times in milliseconds. */
export interface Peer {
  readonly hosts: readonly string[]
  readonly port: number
  readonly security: 'none' | 'ldaps' | 'startTLS'
  readonly context: SecureContext | null
  readonly rejectUnauthorized: boolean
  readonly connectTimeout: number
  readonly operationTimeout: number
  readonly outbound: Outbound
}

/** RFC 4511, 4.14.1. */
const startTlsRequest = '1.3.6.1.4.1.1466.20037'
const away = 'the directory cannot be asked: '
const timedOut = 'timed out'
const unreadable = 'its answer cannot be read'
/** A directory that says so is as good as away: busy, unavailable, and an answer without a result. */
const awayCodes = new Set([51, 52, 248])
/** Names of result codes that the library has none for. */
const codeNames: Record<number, string> = { 1: 'operationsError', 10: 'referral', 80: 'other' }
/**
 * What servers answer to the bind of an account that is not there or may not log in (locked, expired, inactive, without a password).
 * 49 is the rule; 19 and 53 are those of 389 Directory Server.
 */
const refusedBinds = new Set([19, 32, 48, 49, 50, 53])
/** A name to bind as that is none. */
const invalidName = 34

/** Throws Invalid when certificate and key cannot be used. */
export function secureContext({ ca, cert, key }: { ca?: string; cert?: string; key?: string }): SecureContext {
  try {
    createSecureContext({ ca })
  } catch {
    throw new Invalid('config.options.ca', 'must be certificates (PEM)')
  }
  try {
    return createSecureContext({ ca, cert, key, minVersion: 'TLSv1.2' })
  } catch {
    throw new Invalid('config.options.cert', 'must be a certificate (PEM) that fits options.key')
  }
}

/** Asks the hosts in turn, the one that answered last first. Only a host that is away is passed over: an answer is final. */
export class Hosts {
  readonly #peer: Peer
  #first = 0

  constructor(peer: Peer) {
    this.#peer = peer
  }

  /** Throws Unavailable when every host is away, and what `work` throws besides that, as a RosterError. */
  async ask<T>(work: (host: string) => Promise<T>): Promise<T> {
    const reasons = new Set<string>()
    for (const at of this.#turns()) {
      try {
        const answer = await work(this.#peer.hosts[at]!)
        this.#first = at
        return answer
      } catch (error) {
        reasons.add(unavailableReason(error))
      }
    }
    throw new Unavailable(away + [...reasons].join(', '))
  }

  /** As ask, of an answer in parts. The next host starts over. Throws the reason of an aborted signal. */
  async *stream<T>(
    work: (host: string) => AsyncGenerator<T, void, undefined>,
    signal?: AbortSignal,
  ): AsyncGenerator<T, void, undefined> {
    const reasons = new Set<string>()
    for (const at of this.#turns()) {
      signal?.throwIfAborted()
      try {
        // What the consumer throws does not arrive here: it ends the generator by return().
        yield* work(this.#peer.hosts[at]!)
        this.#first = at
        return
      } catch (error) {
        signal?.throwIfAborted()
        reasons.add(unavailableReason(error))
      }
    }
    throw new Unavailable(away + [...reasons].join(', '))
  }

  /** Indexes of the hosts, the one that answered last first. */
  #turns(): number[] {
    const { length } = this.#peer.hosts
    const first = this.#first
    return Array.from({ length }, (_, turn) => (first + turn) % length)
  }
}

/** Why a host is away. Throws the fault of one that answers. */
function unavailableReason(error: unknown): string {
  const fault = faultOf(error)
  if (!(fault instanceof Unavailable)) throw fault
  return fault.message.replace(away, '')
}

/** A connection for `work`, bound to nobody; closed after it, whatever happens. */
export async function connected<T>(peer: Peer, host: string, work: (client: Client) => Promise<T>): Promise<T> {
  const socket = await open(peer, bare(host))
  const client = clientOn(socket, peer.operationTimeout)
  try {
    return await work(client)
  } finally {
    await close(client, socket)
  }
}

/** As connected, of work in parts: closed at its end, on an error, on `return()`, and at once when the signal is aborted. */
export async function* connectedStream<T>(
  peer: Peer,
  host: string,
  signal: AbortSignal | undefined,
  work: (client: Client) => AsyncGenerator<T, void, undefined>,
): AsyncGenerator<T, void, undefined> {
  const socket = await open(peer, bare(host), signal)
  const client = clientOn(socket, peer.operationTimeout)
  const abort = () => socket.destroy()
  signal?.addEventListener('abort', abort, { once: true })
  try {
    signal?.throwIfAborted()
    yield* work(client)
  } finally {
    signal?.removeEventListener('abort', abort)
    await close(client, socket)
  }
}

/** How the connection ends does not change the result of the work. */
async function close(client: Client, socket: Socket): Promise<void> {
  await client.unbind().catch(() => {})
  // The client has no socket before its first request.
  socket.destroy()
}

/** Binds `client` to an account of ours. Throws Refused when the directory does not take it. */
export async function bindAccount(client: Client, dn: string, password: string): Promise<void> {
  try {
    await client.bind(dn, password)
  } catch (error) {
    if (error instanceof ResultCodeError && (refusedBinds.has(error.code) || error.code === invalidName))
      throw new Unprocessable(`the directory refuses the account of config.credentials: ${nameOf(error)}`)
    throw error
  }
}

/** Whether `password` is that of `dn`, and its owner may log in. `client` is bound to them afterwards. */
export async function bindPerson(client: Client, dn: string, password: string): Promise<boolean> {
  // RFC 4513, 5.1: without a name or a password a bind succeeds as nobody. A password with NUL is an empty one to some servers.
  if (!dn.includes('=') || password === '' || password.includes('\0') || !password.isWellFormed()) return false
  const policy = new PasswordPolicyControl()
  try {
    await client.bind(dn, password, policy)
  } catch (error) {
    if (error instanceof ResultCodeError && refusedBinds.has(error.code)) return false
    throw error
  }
  // A bind may succeed for nothing but a change of the password (draft-behera-ldap-password-policy, changeAfterReset).
  return policy.value?.error === undefined
}

/** What went wrong, without what was asked or answered: texts of servers hold names. Mistakes of our own stay what they are. */
export function faultOf(error: unknown): unknown {
  if (error instanceof RosterError) return error
  if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) return error
  if (error instanceof ResultCodeError) {
    const text = nameOf(error)
    return awayCodes.has(error.code)
      ? new Unavailable(away + text)
      : new Unprocessable(`the directory answers ${withHint(text, error.code)}`)
  }
  return new Unavailable(away + reasonWithHint(reasonOf(error)))
}

function reasonOf(error: unknown): string {
  const { message = '', code } = error as { message?: string; code?: string }
  if (error instanceof OutboundError && error.kind === 'not allowed') return message
  if (message === IN_TIME || /time(?:d |)out/i.test(message)) return timedOut
  return message.includes(unreadable) ? unreadable : (code ?? 'the connection was lost')
}

function nameOf({ code, name }: ResultCodeError): string {
  const plain = name.replace(/Error$/, '')
  return `${codeNames[code] ?? plain.charAt(0).toLowerCase() + plain.slice(1)} (${code})`
}

const bare = (host: string): string => {
  const name = host.replace(/^\[|\]$/g, '')
  return isIP(name) === 0 ? domainToASCII(name) || name : name
}

/** Whether the last search's answer said that another page follows: the library does not tell where a page was empty. */
const pending = new WeakMap<Client, { more: boolean }>()
export const hasMorePages = (client: Client): boolean => pending.get(client)?.more === true

function clientOn(socket: Socket, timeout: number): Client {
  let taken = false
  const state = { more: false }
  const client = new Client({
    url: 'ldap://opened.invalid',
    timeout,
    connectTimeout: timeout,
    createConnection: () => {
      if (taken || socket.destroyed) throw new Error('the connection was lost')
      taken = true
      return checked(socket, state)
    },
  })
  pending.set(client, state)
  return client
}

/** The socket, whose first listener for data gets whole and sound messages only. */
function checked(socket: Socket, state: { more: boolean }): Socket {
  const { on } = socket
  const add = on as (this: Socket, event: string, listener: (...values: never[]) => void) => Socket
  socket.on = function (this: Socket, event: string, listener: (...values: never[]) => void) {
    if (event !== 'data') return add.call(this, event, listener)
    socket.on = on
    const refuse = () => socket.destroy(new Error(unreadable))
    const deliver = (message: Buffer) => {
      state.more = hasNextPage(message) ?? state.more
      const given = listener as (message: Buffer) => void
      given(message)
    }
    return add.call(this, event, createMessageReader(deliver, refuse))
  } as Socket['on']
  return socket
}

async function open(peer: Peer, host: string, aborted?: AbortSignal): Promise<Socket> {
  const { outbound, port, security, connectTimeout, context, rejectUnauthorized } = peer
  const deadline = AbortSignal.timeout(connectTimeout)
  const signal = aborted ? AbortSignal.any([deadline, aborted]) : deadline
  const place = { host, port }
  const socket = await outbound.connect(place, signal)
  if (security === 'none') return socket
  try {
    if (security === 'startTLS') await askForTls(socket, connectTimeout)
    if (signal.aborted) throw new Error(timedOut)
    return await outbound.secure(socket, place, { tls: { context: context ?? undefined, rejectUnauthorized }, signal })
  } catch (error) {
    socket.destroy()
    throw signal.aborted ? new Error(timedOut) : error
  }
}

/**
 * By a client of its own, which is dropped: what somebody on the way slips in behind the answer in the clear stays with it and is
 * not taken for the beginning of what comes encrypted.
 */
async function askForTls(socket: Socket, timeout: number): Promise<void> {
  await clientOn(socket, timeout).exop(startTlsRequest)
  socket.removeAllListeners('data')
}
