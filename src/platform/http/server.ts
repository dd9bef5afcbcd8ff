/**
 * Router → `authenticate` → `decide` → body → handler → response → log.
 * Fastify would read the body before the 401.
 */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Server as TlsServer } from 'node:tls'
import serveStatic from '@fastify/static'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import type { Logger } from 'pino'
import { TooLarge } from '../errors.ts'
import { observedOf, observing } from '../observed-request.ts'
import { parseBody } from './body.ts'
import { type Certificate, type CertificateFiles, readCertificate, watchCertificate } from './certificate.ts'
import type { TrustedProxies } from './client-address.ts'
import { Connections } from './connections.ts'
import { Cors, type CorsOptions } from './cors.ts'
import { fileError, unroutable } from './errors.ts'
import { securityHeaders } from './headers.ts'
import { HEADER_LIMIT, listenerOptions, refusalOf } from './listener.ts'
import { type Listening, listen } from './listeners.ts'
import { Paths } from './paths.ts'
import { ANONYMOUS_BODY_LIMIT, ClientAborted, hasBody, readBody } from './read-body.ts'
import { checkHost, checkPath, HttpMessage, pathOf, type RawQuery, requestId, target } from './request.ts'
import { logRequest, NO_ROUTE, type RequestLine, requestLine } from './request-line.ts'
import { type Exchange, Responses } from './responses.ts'
import { isAnswered, sendRaw, written } from './send.ts'
import { TIMING, type Timing } from './timing.ts'
import type { Files, HttpResponse, HttpServer, Route, Translator } from './types.ts'

export type { Timing }

/** Milliseconds, while closing. */
const IDLE_CHECKS = 50
/** Logged as by nginx; nobody receives it. */
const NO_ANSWER = 499
const METHODS = ['GET', 'HEAD', 'TRACE', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY']

export function createHttp(options: HttpOptions): HttpServer {
  return new Server(options)
}

export interface HttpOptions {
  log: Logger
  timing?: Partial<Timing>
  hstsSubdomains?: boolean
  held?: { bodies?: number; answers?: number }
  trustedProxies?: TrustedProxies | null
  cors?: CorsOptions
  /** Routes that answer uncompressed, such as `POST /login`. */
  secrets?: readonly string[]
  /** Path of PUBLIC_URL, which proxies may keep or take away. */
  prefix?: string
  /** Otherwise http. */
  certificate?: CertificateFiles | null
  /** After each answer, within `observedRequest`. */
  onAnswer?: (line: RequestLine) => void
}

class Server implements HttpServer {
  readonly #app: FastifyInstance
  readonly #log: Logger
  readonly #timing: Timing
  readonly #trusted: TrustedProxies | null
  readonly #paths: Paths
  readonly #connections: Connections
  readonly #cors: Cors
  readonly #responses: Responses
  readonly #secrets: ReadonlySet<string>
  readonly #refused = new WeakSet<Socket>()
  readonly #hstsSubdomains: boolean
  readonly #onAnswer: HttpOptions['onAnswer']

  #certificate: { stop(): void } | null = null
  #listening: Listening | null = null

  constructor(options: HttpOptions) {
    const { log, timing, held, hstsSubdomains = false, trustedProxies = null, cors, certificate: files = null } = options
    const certificate = files && readCertificate(files)
    this.#log = log
    this.#onAnswer = options.onAnswer
    this.#hstsSubdomains = hstsSubdomains
    this.#trusted = trustedProxies
    this.#timing = { ...TIMING, ...timing }
    this.#connections = new Connections(this.#timing.headers, held)
    this.#paths = new Paths(options.prefix)
    this.#secrets = new Set(options.secrets)
    this.#cors = new Cors(cors ?? { origins: [], apis: [] })
    this.#responses = new Responses({ log, timing: this.#timing, connections: this.#connections, cors: this.#cors })
    const app = fastify({
      genReqId: request => requestId(request.headers),
      rewriteUrl: request => target(request.url ?? '/', path => this.#paths.rewrite(this.#paths.below(path))),
      frameworkErrors: (error, request, reply) => this.#fail(unroutable(error), request, reply),
      clientErrorHandler: (error, socket) => this.#refuse(error, socket),
      return503OnClosing: false,
      requestTimeout: this.#timing.request,
      keepAliveTimeout: this.#timing.keepAlive,
      ...listenerOptions(this.#timing, certificate),
      routerOptions: {
        ignoreTrailingSlash: true,
        maxParamLength: HEADER_LIMIT,
        querystringParser: (raw): RawQuery => ({ raw }),
      },
    })
    this.#app = app
    // `#serve` reads bodies, after authentication.
    for (const method of METHODS) app.addHttpMethod(method, { hasBody: false, overrideExisting: true })
    app.setNotFoundHandler((request, reply) => this.#refusePath(request, reply))
    app.setErrorHandler((error, request, reply) => this.#fail(fileError(error), request, reply))
    app.server.on(certificate ? 'secureConnection' : 'connection', (socket: Socket) => this.#connections.add(socket))
    app.server.on('request', ({ socket }) => this.#connections.begin(socket))
    if (files && certificate) this.#watch(files, certificate)
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

  #watch(files: CertificateFiles, current: Certificate): void {
    const server = this.#app.server as unknown as TlsServer
    const use = ({ cert, key }: { cert: Buffer; key: Buffer }) => server.setSecureContext({ cert, key })
    this.#certificate = watchCertificate(files, { current, every: this.#timing.certificate, log: this.#log, use })
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
        const observed = observedOf(request.id, request.raw.headers.traceparent)
        void observing(observed, () => this.#serve(route, request, reply))
      },
    })
  }

  translate(prefix: string, translator: Translator): void {
    this.#responses.translate(prefix, translator)
  }

  files(files: Files): void {
    this.#paths.add(files.prefix, ['GET'])
    this.#paths.add(`${files.prefix}/*`, ['GET'])
    const started = new WeakMap<FastifyRequest, number>()
    this.#app.register(async scope => {
      scope.addHook('onRequest', async (request, reply) => {
        started.set(request, performance.now())
        const { 'cache-control': _, ...standard } = this.#responses.standard
        reply.headers({ ...standard, 'x-request-id': request.id, ...files.headers, ...this.#responses.connection })
      })
      // onResponse would log again after `#fail`.
      scope.addHook('onSend', async (request, reply) => {
        const begun = started.get(request) ?? performance.now()
        this.#line(request, { route: `${files.prefix}/*`, status: reply.statusCode, started: begun })
      })
      const cacheControl = files.headers?.['cache-control'] === undefined
      await scope.register(serveStatic, {
        root: files.dir,
        prefix: files.prefix,
        dotfiles: 'ignore',
        cacheControl,
        preCompressed: true,
      })
      scope.get(files.prefix, (_, reply) => reply.sendFile('index.html'))
    })
  }

  async listen({ port, host }: { port: number; host: string }): Promise<number> {
    const security = await securityHeaders({ hstsSubdomains: this.#hstsSubdomains })
    this.#responses.standard = { ...security, 'cache-control': 'no-store' }
    this.#listening = await listen(this.#app, { port, host })
    return this.#listening.port
  }

  drain(): void {
    this.#responses.closing = true
  }

  async close(): Promise<void> {
    this.drain()
    this.#certificate?.stop()
    const silent = setTimeout(() => this.#connections.closeSilent(), this.#timing.silent)
    const idle = setInterval(() => this.#app.server.closeIdleConnections(), IDLE_CHECKS)
    const end = setTimeout(() => this.#cutOff(), this.#timing.closing)
    try {
      await Promise.all([this.#app.close(), this.#listening?.close()])
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
    const exchange = exchangeOf(request, reply)
    let status: number
    try {
      checkHost(request.raw)
      const answer = this.#preflight(request) ?? (await this.#answer(route, request, reply))
      status = this.#responses.send(exchange, answer)
    } catch (error) {
      status = error instanceof ClientAborted ? NO_ANSWER : this.#responses.fail(exchange, error, route.path)
    }
    const template = route.below === undefined ? route.path : this.#paths.templateOf(pathOf(request.raw.url))
    this.#line(request, { route: template, status, started })
  }

  async #answer<Locals>(route: Route<Locals>, request: FastifyRequest, reply: FastifyReply): Promise<HttpResponse> {
    const wire = new HttpMessage<Locals>(request, this.#trusted)
    const headers = request.raw.headers
    if (route.authenticate) await route.authenticate(wire)
    checkPath(wire.path)
    if (route.decide) await route.decide(wire)
    const kind = route.body ?? 'json+form'
    if (kind !== 'none' && hasBody(headers)) {
      const bytes = await this.#receive(route, wire, reply)
      if (bytes !== undefined) wire.body = parseBody(bytes, headers, kind)
    }
    const answer = await written(await route.handler(wire))
    return this.#secrets.has(`${request.method === 'HEAD' ? 'GET' : request.method} ${route.path}`)
      ? { ...answer, isSecret: true }
      : answer
  }

  #preflight({ method, raw }: FastifyRequest): HttpResponse | null {
    return this.#cors.preflight(method, pathOf(raw.url), raw.headers)
  }

  async #receive<Locals>(route: Route<Locals>, wire: HttpMessage<Locals>, reply: FastifyReply) {
    try {
      const limit = route.bodyLimit?.(wire) ?? ANONYMOUS_BODY_LIMIT
      return await readBody(reply.request.raw, reply.raw, { limit, held: this.#connections.bodies })
    } catch (error) {
      throw (error instanceof TooLarge && route.tooLarge?.(wire)) || error
    }
  }

  #refusePath(request: FastifyRequest, reply: FastifyReply): void {
    const path = pathOf(request.raw.url)
    const isPreflight = request.headers['access-control-request-method'] !== undefined
    const options = isPreflight ? this.#preflight(request) : this.#paths.options(request.method, path)
    if (options === null) this.#fail(this.#paths.refusal(request.method, path), request, reply)
    else this.#outside(request, reply, exchange => this.#responses.send(exchange, options))
  }

  #fail(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    this.#outside(request, reply, exchange => this.#responses.fail(exchange, error))
  }

  #outside(request: FastifyRequest, reply: FastifyReply, send: (exchange: Exchange) => number): void {
    const started = performance.now()
    reply.hijack()
    const status = send(exchangeOf(request, reply))
    this.#line(request, { route: NO_ROUTE, status, started })
  }

  /** Node rejects a request again for each further chunk. */
  #refuse(error: NodeJS.ErrnoException, socket: Socket): void {
    if (this.#refused.has(socket)) return
    this.#refused.add(socket)
    const refusal = refusalOf(error.code)
    if (refusal === null || isAnswered(socket)) {
      socket.destroySoon()
      return
    }
    const [status, message] = refusal
    const id = randomUUID()
    sendRaw(socket, { status, message, headers: { ...this.#responses.standard, 'x-request-id': id } })
    this.#log.info({ status, code: error.code, requestId: id }, 'refused')
  }

  #line(request: FastifyRequest, answered: { route: string; status: number; started: number }): void {
    const line = requestLine(request, { ...answered, trusted: this.#trusted })
    logRequest(this.#log, line)
    this.#onAnswer?.(line)
  }
}

const exchangeOf = (request: FastifyRequest, reply: FastifyReply): Exchange => ({
  id: request.id,
  request: request.raw,
  response: reply.raw,
})
