/**
 * Router → `authenticate` → `decide` → body → handler → response → log.
 * Fastify would read the body before the 401.
 */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import serveStatic from '@fastify/static'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import type { Logger } from 'pino'
import { Invalid, NotFound, RosterError, TooLarge, Unavailable } from '../errors.ts'
import { parseBody } from './body.ts'
import { clientAddress, type TrustedProxies } from './client-address.ts'
import { Connections } from './connections.ts'
import { errorHeaders, Fault, restError } from './errors.ts'
import { securityHeaders } from './headers.ts'
import { logRequest } from './log.ts'
import { Paths } from './paths.ts'
import { ANONYMOUS_BODY_LIMIT, ClientAborted, hasBody, readBody } from './read-body.ts'
import { checkHost, checkPath, HttpMessage, isUnder, pathOf, type RawQuery, requestId, target } from './request.ts'
import { isAnswered, lengthOf, type PreparedResponse, prepare, send, sendRaw, written } from './send.ts'
import { TIMING, type Timing } from './timing.ts'
import type { Files, HttpServer, Route, Translator } from './types.ts'

export type { Timing }

const HEADER_LIMIT = 16 * 1024
/** Milliseconds, while closing. */
const IDLE_CHECKS = 50

/** Bytes that the system buffers at once. */
const UNCOUNTED = 64 * 1024
const NO_ROUTE = '-'
/** Logged as by nginx; nobody receives it. */
const NO_ANSWER = 499
const METHODS = ['GET', 'HEAD', 'TRACE', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY']
const ERROR_RESPONSES: Record<string, [status: number, message: string]> = {
  HPE_HEADER_OVERFLOW: [431, `The request line and headers must not be larger than ${HEADER_LIMIT} bytes`],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request took too long to arrive'],
}

export function createHttp(options: HttpOptions): HttpServer {
  return new Server(options)
}

export interface HttpOptions {
  log: Logger
  timing?: Partial<Timing>
  hstsSubdomains?: boolean
  held?: { bodies?: number; answers?: number }
  trustedProxies?: TrustedProxies | null
}

class Server implements HttpServer {
  readonly #app: FastifyInstance
  readonly #log: Logger
  readonly #timing: Timing
  readonly #trusted: TrustedProxies | null
  readonly #paths = new Paths()
  readonly #translators: [prefix: string, translator: Translator][] = []
  readonly #connections: Connections
  readonly #refused = new WeakSet<Socket>()
  readonly #hstsSubdomains: boolean
  #standard: Readonly<Record<string, string>> = {}
  #closing = false

  constructor({ log, timing, held, hstsSubdomains = false, trustedProxies = null }: HttpOptions) {
    this.#log = log
    this.#hstsSubdomains = hstsSubdomains
    this.#trusted = trustedProxies
    this.#timing = { ...TIMING, ...timing }
    this.#connections = new Connections(this.#timing.headers, held)
    const app = fastify({
      genReqId: request => requestId(request.headers),
      rewriteUrl: request => target(request.url ?? '/', path => this.#paths.rewrite(path)),
      frameworkErrors: (error, request, reply) => this.#fail(unroutable(error), request, reply),
      clientErrorHandler: (error, socket) => this.#refuse(error, socket),
      return503OnClosing: false,
      requestTimeout: this.#timing.request,
      keepAliveTimeout: this.#timing.keepAlive,
      http: {
        maxHeaderSize: HEADER_LIMIT,
        headersTimeout: this.#timing.headers,
        connectionsCheckingInterval: this.#timing.checks,
        // `#serve` reports a missing one.
        requireHostHeader: false,
      },
      routerOptions: {
        ignoreTrailingSlash: true,
        maxParamLength: HEADER_LIMIT,
        querystringParser: (raw): RawQuery => ({ raw }),
      },
    })
    this.#app = app
    // `#serve` reads bodies, after authentication.
    for (const method of METHODS) app.addHttpMethod(method, { hasBody: false, overrideExisting: true })
    app.setNotFoundHandler((request, reply) =>
      this.#fail(this.#paths.refusal(request.method, pathOf(request.raw.url)), request, reply),
    )
    app.setErrorHandler((error, request, reply) => this.#fail(fileError(error), request, reply))
    app.server.on('connection', (socket: Socket) => this.#connections.add(socket))
    // node closes connections whose response is being sent.
    const closeIdle = app.server.closeIdleConnections.bind(app.server)
    app.server.closeIdleConnections = () => {
      if (!this.#connections.isWriting()) closeIdle()
    }
    // node would send "100 Continue" before authentication. Other expectations are ignored.
    const route = (request: IncomingMessage, response: ServerResponse) => void app.server.emit('request', request, response)
    app.server.on('checkContinue', route)
    app.server.on('checkExpectation', route)
  }

  route<Locals>(route: Route<Locals>): void {
    const method = [route.method].flat()
    this.#paths.add(route.path, method)
    for (const path of route.below ?? []) this.#paths.add(path, method)
    this.#app.route({
      method,
      url: route.path,
      handler: (request, reply) => {
        reply.hijack()
        void this.#serve(route, request, reply)
      },
    })
  }

  translate(prefix: string, translator: Translator): void {
    this.#translators.push([prefix, translator])
    this.#translators.sort(([a], [b]) => b.length - a.length)
  }

  files(files: Files): void {
    this.#paths.add(files.prefix, ['GET'])
    this.#paths.add(`${files.prefix}/*`, ['GET'])
    const started = new WeakMap<FastifyRequest, number>()
    this.#app.register(async scope => {
      scope.addHook('onRequest', async (request, reply) => {
        started.set(request, performance.now())
        const { 'cache-control': _, ...standard } = this.#standard
        reply.headers({ ...standard, 'x-request-id': request.id, ...files.headers })
      })
      // onResponse would log again after `#fail`.
      scope.addHook('onSend', async (request, reply) => {
        const begun = started.get(request) ?? performance.now()
        this.#line(request, { route: `${files.prefix}/*`, status: reply.statusCode, started: begun })
      })
      const cacheControl = files.headers?.['cache-control'] === undefined
      await scope.register(serveStatic, { root: files.dir, prefix: files.prefix, dotfiles: 'ignore', cacheControl })
      scope.get(files.prefix, (_, reply) => reply.sendFile('index.html'))
    })
  }

  async listen({ port, host }: { port: number; host: string }): Promise<number> {
    this.#standard = { ...(await securityHeaders({ hstsSubdomains: this.#hstsSubdomains })), 'cache-control': 'no-store' }
    // For "localhost" Fastify opens a second server without listeners.
    await this.#app.listen({ port, host: host === 'localhost' ? '127.0.0.1' : host })
    const address = this.#app.server.address()
    if (address === null || typeof address === 'string') throw new Error('The server has no port')
    return address.port
  }

  async close(): Promise<void> {
    this.#closing = true
    const silent = setTimeout(() => this.#connections.closeSilent(), this.#timing.silent)
    const idle = setInterval(() => this.#app.server.closeIdleConnections(), IDLE_CHECKS)
    const end = setTimeout(() => this.#cutOff(), this.#timing.closing)
    try {
      await this.#app.close()
    } finally {
      clearTimeout(silent)
      clearInterval(idle)
      clearTimeout(end)
    }
  }

  #cutOff(): void {
    this.#log.warn({ connections: this.#connections.size }, 'requests had no answer in time: their connections are cut')
    this.#app.server.closeAllConnections()
  }

  async #serve<Locals>(route: Route<Locals>, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const started = performance.now()
    const wire = new HttpMessage<Locals>(request, this.#trusted)
    const headers = request.raw.headers
    let status: number
    try {
      checkHost(request.raw)
      if (route.authenticate) await route.authenticate(wire)
      checkPath(wire.path)
      if (route.decide) await route.decide(wire)
      const kind = route.body ?? 'json+form'
      if (kind !== 'none' && hasBody(headers)) {
        const bytes = await this.#receive(route, wire, reply)
        if (bytes !== undefined) wire.body = parseBody(bytes, headers, kind)
      }
      const answer = await written(await route.handler(wire))
      status = this.#send(request, reply, prepare(answer, request.id, this.#standard))
    } catch (error) {
      status = error instanceof ClientAborted ? NO_ANSWER : this.#send(request, reply, this.#failure(error, request, route.path))
    }
    this.#line(request, { route: route.path, status, started })
  }

  async #receive<Locals>(route: Route<Locals>, wire: HttpMessage<Locals>, reply: FastifyReply) {
    try {
      const limit = route.bodyLimit?.(wire) ?? ANONYMOUS_BODY_LIMIT
      return await readBody(reply.request.raw, reply.raw, { limit, held: this.#connections.bodies })
    } catch (error) {
      throw (error instanceof TooLarge && route.tooLarge?.(wire)) || error
    }
  }

  #fail(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const started = performance.now()
    reply.hijack()
    const status = this.#send(request, reply, this.#failure(error, request))
    this.#line(request, { route: NO_ROUTE, status, started })
  }

  /** Node rejects a request again for each further chunk. */
  #refuse(error: NodeJS.ErrnoException, socket: Socket): void {
    if (this.#refused.has(socket)) return
    this.#refused.add(socket)
    if (error.code === 'ECONNRESET' || isAnswered(socket)) {
      socket.destroySoon()
      return
    }
    const [status, message] = ERROR_RESPONSES[error.code ?? ''] ?? [400, 'The request is not valid HTTP']
    const id = randomUUID()
    sendRaw(socket, { status, message, headers: { ...this.#standard, 'x-request-id': id } })
    this.#log.info({ status, code: error.code, requestId: id }, 'refused')
  }

  #send(request: FastifyRequest, reply: FastifyReply, answer: PreparedResponse): number {
    const { answers } = this.#connections
    const length = lengthOf(answer.payload)
    const isHeld = length > UNCOUNTED
    if (isHeld && !answers.take(length)) {
      const busy = new Unavailable('Too many responses are waiting to be read: try again shortly', { retryAfter: 5 })
      return this.#send(request, reply, this.#failure(busy, request))
    }
    if (isHeld) reply.raw.once('close', () => answers.give(length))
    send(request.raw, { response: reply.raw, answer, sending: { closing: this.#closing, timing: this.#timing } })
    return answer.status
  }

  #failure(error: unknown, { id, raw }: FastifyRequest, path = pathOf(raw.url)): PreparedResponse {
    const known = error instanceof RosterError ? error : this.#unforeseen(error, id)
    const translator = this.#translators.find(([prefix]) => isUnder(path, prefix))?.[1] ?? restError
    try {
      const answer = translator(known, { requestId: id, path, accept: raw.headers.accept })
      return prepare({ ...answer, headers: { ...errorHeaders(answer.status, known), ...answer.headers } }, id, this.#standard)
    } catch (fault) {
      return prepare(restError(this.#unforeseen(fault, id)), id, this.#standard)
    }
  }

  #unforeseen(error: unknown, id: string): RosterError {
    this.#log.error({ err: error, requestId: id }, 'unforeseen error')
    return new Fault(id)
  }

  #line(request: FastifyRequest, { route, status, started }: { route: string; status: number; started: number }): void {
    const address = clientAddress(request.raw.socket.remoteAddress ?? '', request.raw.headers, this.#trusted)
    logRequest(this.#log, { method: request.method, route, status, address, requestId: request.id }, started)
  }
}

function fileError(error: unknown): unknown {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
  return typeof status === 'number' && status >= 400 && status < 500 ? new NotFound('No such file') : error
}

function unroutable(error: { code: string }): RosterError {
  if (error.code === 'FST_ERR_MAX_PARAM_LENGTH') return new Invalid('path', 'has a part that is too long')
  return new Invalid('path', 'must be valid percent-encoded UTF-8')
}
