import type { IncomingHttpHeaders } from 'node:http'
import type { RosterError } from '../errors.ts'
import type { Pieces } from './json.ts'

/** The APIs' view, without framework. */
export interface HttpRequest<Locals = Record<string, unknown>> {
  readonly method: string
  /** Rewritten, still encoded, without query. */
  readonly path: string
  readonly query: string
  readonly params: Readonly<Record<string, string>>
  readonly headers: IncomingHttpHeaders
  /** Missing in `authenticate` and `decide`; undefined when empty. */
  readonly body: unknown
  readonly requestId: string
  readonly address: string
  readonly locals: Locals
}

export interface HttpResponse {
  status: number
  headers?: Record<string, string | number | string[]>
  /** Objects are JSON; text too, unless `content-type` differs. */
  body?: string | Buffer | Pieces | object | undefined
  /** Is not compressed. */
  isSecret?: boolean
}

/** Others are 415; `raw` is a Buffer, `none` is not read. */
export type BodyKind = 'json+form' | 'json' | 'raw' | 'none'

export interface Route<Locals = Record<string, unknown>> {
  method: string | string[]
  path: string
  below?: readonly string[]
  body?: BodyKind
  /** Called after `authenticate`; default ANONYMOUS_BODY_LIMIT. */
  bodyLimit?: (request: HttpRequest<Locals>) => number
  tooLarge?: (request: HttpRequest<Locals>) => RosterError | undefined
  /** Throws Unauthenticated, before the body is read. */
  authenticate?: (request: HttpRequest<Locals>) => Promise<void>
  /** Throws Forbidden, before the body is read. */
  decide?: (request: HttpRequest<Locals>) => Promise<void>
  handler: (request: HttpRequest<Locals>) => Promise<HttpResponse>
}

export interface FailedRequest {
  readonly requestId: string
  readonly path: string
  readonly accept: string | undefined
}

export type Translator = (error: RosterError, request: FailedRequest) => HttpResponse

export interface Files {
  prefix: string
  dir: string
  headers?: Record<string, string>
}

export interface HttpServer {
  route<Locals = Record<string, unknown>>(route: Route<Locals>): void
  files(files: Files): void
  /** The longest prefix wins; REST by default. */
  translate(prefix: string, translator: Translator): void
  listen(at: { port: number; host: string }): Promise<number>
  /** From now on each answer ends its connection; others are still accepted. */
  drain(): void
  close(): Promise<void>
}
