/**
 * All outbound connections. A name is resolved, each address checked, and the checked address used. The caller
 * sets the deadline.
 */
import { lookup } from 'node:dns/promises'
import { connect, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { connect as connectTls, type SecureContext } from 'node:tls'
import { type Network, networkOf } from '../networks.ts'
import { type Listening, literalOf, type OutboundRules, refusalOf } from './policy.ts'

export type OutboundClass = 'not allowed' | 'unreachable' | 'TLS' | 'no valid answer'

/** `message`: for administrators, without secrets. */
export class OutboundError extends Error {
  readonly kind: OutboundClass
  readonly code: string | undefined
  constructor(kind: OutboundClass, message: string, code?: string) {
    super(message)
    this.name = 'OutboundFault'
    this.kind = kind
    this.code = code
  }
}

export interface Endpoint {
  readonly host: string
  readonly port: number
}

export interface TlsOptions {
  readonly context?: SecureContext | undefined
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly rejectUnauthorized?: boolean | undefined
}

export interface Outbound {
  connect(place: Endpoint, signal: AbortSignal): Promise<Socket>
  /** Verifies the host. Throws OutboundError and closes the socket. */
  secure(socket: Socket, place: Endpoint, options: { tls: TlsOptions; signal: AbortSignal }): Promise<Socket>
  refusal(place: Endpoint): string | null
  listensAt(host: string, port: number): Promise<void>
}

export const IN_TIME = 'No answer in time'
const MAX_ADDRESSES = 16
/** Milliseconds before the next address is tried. */
const ATTEMPT_MS = 500

export function createOutbound(rules: OutboundRules): Outbound {
  const own: { networks: readonly Network[]; everywhere: boolean; port: number }[] = []
  const listening = (port: number): Listening | null => {
    const here = own.filter(at => at.port === port)
    const of = ({ everywhere, networks }: (typeof own)[number]) =>
      everywhere ? [...LOOPBACK, ...networksOf(interfaceAddresses())] : networks
    return here.length === 0 ? null : { port, networks: here.flatMap(of) }
  }
  const judge = (place: Endpoint, address: string | null): string | null =>
    refusalOf(rules, listening(place.port), { ...place, address })
  return {
    async connect(place, signal) {
      const found = await addressesOf(place.host, signal)
      const refusals = found.map(address => judge(place, address))
      const allowed = found.filter((_, index) => refusals[index] === null)
      if (allowed.length === 0) throw new OutboundError('not allowed', `The address is not allowed: ${refusals[0]}`)
      const socket = await opened(allowed, place.port, signal)
      const reached = socket.remoteAddress
      if (reached !== undefined && judge(place, reached) === null) return socket
      socket.destroy()
      throw new OutboundError('unreachable', 'The connection was lost')
    },
    async secure(socket, { host }, { tls: { context, ...tls }, signal }) {
      const name = bareHost(host)
      const secured = connectTls({
        socket,
        host: name,
        ...(literalOf(name) === null && { servername: name }),
        ...(context ? { secureContext: context } : withoutUndefined(tls)),
        rejectUnauthorized: tls.rejectUnauthorized !== false,
      })
      secured.on('close', () => socket.destroy())
      await settled(secured, { event: 'secureConnect', signal, kind: 'TLS' })
      return secured
    },
    refusal: place => judge(place, literalOf(place.host)),
    async listensAt(host, port) {
      const everywhere = /^[0.:]+$/.test(host)
      const found = everywhere ? [] : await lookup(host, { all: true })
      own.push({ networks: networksOf(found.map(({ address }) => address)), everywhere, port })
    },
  }
}

const bareHost = (host: string): string => (host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host)

const LOOPBACK = ['127.0.0.0/8', '::1'].map(text => networkOf(text)!)
const networksOf = (addresses: readonly string[]): Network[] =>
  addresses.flatMap(address => networkOf(address.split('%')[0]!) ?? [])
const interfaceAddresses = (): string[] => Object.values(networkInterfaces()).flatMap(all => (all ?? []).map(one => one.address))

const withoutUndefined = (values: object) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))

async function addressesOf(host: string, signal: AbortSignal): Promise<string[]> {
  const literal = literalOf(host)
  if (literal !== null) return [bareHost(literal)]
  const late = new Promise<never>((_, reject) => {
    const fail = () => reject(new OutboundError('unreachable', IN_TIME))
    if (signal.aborted) fail()
    else signal.addEventListener('abort', fail, { once: true })
  })
  late.catch(() => {})
  const found = await Promise.race([lookup(host, { all: true }), late]).catch(error =>
    Promise.reject(faultOf(error, 'unreachable')),
  )
  if (found.length === 0) throw new OutboundError('unreachable', 'ENOTFOUND', 'ENOTFOUND')
  return found.slice(0, MAX_ADDRESSES).map(({ address }) => address)
}

async function opened(addresses: readonly string[], port: number, signal: AbortSignal): Promise<Socket> {
  const pinned = addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 }))
  const socket = connect({
    // Never resolved: `lookup` returns the checked address.
    host: 'judged.invalid',
    port,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: ATTEMPT_MS,
    lookup: (_, options, answer) => (options.all ? answer(null, pinned) : answer(null, pinned[0]!.address, pinned[0]!.family)),
  })
  await settled(socket, { event: 'connect', signal, kind: 'unreachable' })
  return socket
}

function settled(
  socket: Socket,
  { event, signal, kind }: { event: string; signal: AbortSignal; kind: OutboundClass },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (fault: OutboundError) => {
      over()
      socket.destroy()
      reject(fault)
    }
    const failed = (error: Error) => fail(faultOf(error, kind))
    const late = () => fail(new OutboundError('unreachable', IN_TIME))
    const closed = () => fail(new OutboundError(kind, 'The connection was lost'))
    const done = () => {
      over()
      resolve()
    }
    const over = () => {
      signal.removeEventListener('abort', late)
      socket.off('close', closed).off(event, done)
      socket.on('error', () => {})
      socket.off('error', failed)
    }
    socket.once(event, done).once('error', failed).once('close', closed)
    if (signal.aborted) late()
    else signal.addEventListener('abort', late, { once: true })
  })
}

export function faultOf(error: unknown, kind: OutboundClass): OutboundError {
  if (error instanceof OutboundError) return error
  const { name, code, message } = error as { name?: string; code?: unknown; message?: string }
  if (name === 'AbortError' || name === 'TimeoutError') return new OutboundError(kind, IN_TIME)
  if (typeof code === 'string') return new OutboundError(kind, code, code)
  return new OutboundError(kind, message ?? 'The connection was lost')
}
