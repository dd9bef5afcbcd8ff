import { isIP, type Socket } from 'node:net'
import { createSecureContext, type SecureContext } from 'node:tls'
import { domainToASCII } from 'node:url'
import { Client, PasswordPolicyControl, ResultCodeError } from 'ldapts'
import { Invalid, RosterError, Unavailable, Unprocessable } from '../platform/errors.ts'
import { IN_TIME, type Outbound, OutboundError } from '../platform/outbound/connect.ts'
import { createMessageReader, hasNextPage } from './ldap.framing.ts'
import { reasonWithHint, withHint } from './ldap.hints.ts'

// One connection to one host. Roster opens the socket: one time limit includes TLS, and the client cannot
// reconnect anonymously.

/** Milliseconds. */
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
const away = 'the directory is unreachable: '
const AWAY = { reason: 'directory' } as const
const timedOut = 'timed out'
const unreadable = 'its answer cannot be read'
/** busy, unavailable, no result. */
const awayCodes = new Set([51, 52, 248])
const codeNames: Record<number, string> = { 1: 'operationsError', 10: 'referral', 80: 'other' }
/** Unknown or locked accounts: 49; 389 Directory Server sends 19, 53. */
const refusedBinds = new Set([19, 32, 48, 49, 50, 53])
const invalidName = 34

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

/** In order, the last responsive first. Only unavailable hosts are skipped. */
export class Hosts {
  readonly #peer: Peer
  #first = 0

  constructor(peer: Peer) {
    this.#peer = peer
  }

  /** Throws Unavailable, or the error of `work` as RosterError. */
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
    throw new Unavailable(away + [...reasons].join(', '), AWAY)
  }

  async *stream<T>(
    work: (host: string) => AsyncGenerator<T, void, undefined>,
    signal?: AbortSignal,
  ): AsyncGenerator<T, void, undefined> {
    const reasons = new Set<string>()
    for (const at of this.#turns()) {
      signal?.throwIfAborted()
      try {
        yield* work(this.#peer.hosts[at]!)
        this.#first = at
        return
      } catch (error) {
        signal?.throwIfAborted()
        reasons.add(unavailableReason(error))
      }
    }
    throw new Unavailable(away + [...reasons].join(', '), AWAY)
  }

  #turns(): number[] {
    const { length } = this.#peer.hosts
    const first = this.#first
    return Array.from({ length }, (_, turn) => (first + turn) % length)
  }
}

function unavailableReason(error: unknown): string {
  const fault = faultOf(error)
  if (!(fault instanceof Unavailable)) throw fault
  return fault.message.replace(away, '')
}

export async function connected<T>(peer: Peer, host: string, work: (client: Client) => Promise<T>): Promise<T> {
  const socket = await open(peer, bare(host))
  const client = clientOn(socket, peer.operationTimeout)
  try {
    return await work(client)
  } finally {
    await close(client, socket)
  }
}

/** As connected, in parts; also closed by `return()` and abort. */
export async function* connectedStream<T>(
  peer: Peer,
  host: string,
  { signal, work }: { signal: AbortSignal | undefined; work: (client: Client) => AsyncGenerator<T, void, undefined> },
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

async function close(client: Client, socket: Socket): Promise<void> {
  await client.unbind().catch(() => {})
  // The client has no socket before its first request.
  socket.destroy()
}

export async function bindAccount(client: Client, dn: string, password: string): Promise<void> {
  try {
    await client.bind(dn, password)
  } catch (error) {
    if (error instanceof ResultCodeError && (refusedBinds.has(error.code) || error.code === invalidName))
      throw new Unprocessable(`the directory rejects the account of config.credentials: ${nameOf(error)}`)
    throw error
  }
}

/** False for a wrong password or locked account. Binds `client`. */
export async function bindPerson(client: Client, dn: string, password: string): Promise<boolean> {
  // RFC 4513, 5.1: empty binds anonymously; NUL may truncate to empty.
  if (!dn.includes('=') || password === '' || password.includes('\0') || !password.isWellFormed()) return false
  const policy = new PasswordPolicyControl()
  try {
    await client.bind(dn, password, policy)
  } catch (error) {
    if (error instanceof ResultCodeError && refusedBinds.has(error.code)) return false
    throw error
  }
  // A bind may allow a password change only (draft-behera-ldap-password-policy, changeAfterReset).
  return policy.value?.error === undefined
}

/** Without values: server texts contain names. Other errors are unchanged. */
export function faultOf(error: unknown): unknown {
  if (error instanceof RosterError) return error
  if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) return error
  if (error instanceof ResultCodeError) {
    const text = nameOf(error)
    return awayCodes.has(error.code)
      ? new Unavailable(away + text, AWAY)
      : new Unprocessable(`the directory answers ${withHint(text, error.code)}`)
  }
  return new Unavailable(away + reasonWithHint(reasonOf(error)), AWAY)
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

/** Of the last search: the library hides it for empty pages. */
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

/** A separate client: data injected before TLS is dropped with it. */
async function askForTls(socket: Socket, timeout: number): Promise<void> {
  await clientOn(socket, timeout).exop(startTlsRequest)
  socket.removeAllListeners('data')
}
