import type { IncomingHttpHeaders } from 'node:http'
import type { RosterError } from '../errors.ts'
import type { Pieces } from './json.ts'

/** One request as an API sees it. No API knows the HTTP framework. */
export interface HttpRequest<Locals = Record<string, unknown>> {
  readonly method: string
  /** The path as routed: rewritten, still percent-encoded, without the query. */
  readonly path: string
  /** The raw query string without `?`; `parseQuery` of query.ts reads it. */
  readonly query: string
  /** Percent-decoded once; the rest of a `*` route is under `*`. */
  readonly params: Readonly<Record<string, string>>
  readonly headers: IncomingHttpHeaders
  /** The parsed body (a Buffer on a `raw` route), undefined when there is none. Not yet there in `authenticate` and `decide`. */
  readonly body: unknown
  readonly requestId: string
  /** The client's IP address: the peer's, or what a proxy of TRUSTED_PROXIES forwards for. */
  readonly address: string
  /** What `authenticate` and `decide` found, for the handler. */
  readonly locals: Locals
}

export interface HttpResponse {
  status: number
  /** Win over the headers every answer carries. */
  headers?: Record<string, string | number | string[]>
  /** An object is sent as JSON; a string or Buffer as it is, as JSON too unless `content-type` says otherwise. */
  body?: string | Buffer | Pieces | object | undefined
}

/**
 * How a route takes its body: `json+form` and `json` parsed (other types are 415), `raw` as a Buffer, `none` not read at all.
 * An empty body is no body, whatever its content type says.
 */
export type BodyKind = 'json+form' | 'json' | 'raw' | 'none'

export interface Route<Locals = Record<string, unknown>> {
  method: string | string[]
  /** `:param` for one segment, `*` at the end for the rest. A GET route answers HEAD too. */
  path: string
  /** Of a path that ends in `*`: the paths within it, for the doubled slashes that they tolerate. */
  below?: readonly string[]
  /** Default `json+form`. */
  body?: BodyKind
  /** Bytes that are received at most, announced or not. Asked after `authenticate`; default ANONYMOUS_BODY_LIMIT. */
  bodyLimit?: (request: HttpRequest<Locals>) => number
  /** The error for more bytes than that; default TooLarge (413). */
  tooLarge?: (request: HttpRequest<Locals>) => RosterError | undefined
  /** Throws Unauthenticated. Runs before a byte of the body is read: 401 comes before any validation. */
  authenticate?: (request: HttpRequest<Locals>) => Promise<void>
  /** Throws Forbidden as far as caller and path decide it; also before the body is read. */
  decide?: (request: HttpRequest<Locals>) => Promise<void>
  handler: (request: HttpRequest<Locals>) => Promise<HttpResponse>
}

/** What an error is in the words of one API. Must not throw. */
export type Translator = (error: RosterError, request: { readonly requestId: string; readonly path: string }) => HttpResponse

export interface Files {
  /** Such as `/graphiql`; answers its own index.html with and without a trailing slash. */
  prefix: string
  /** Absolute path of the folder. */
  dir: string
  /** Win over the headers every answer carries (the page's own content-security-policy). */
  headers?: Record<string, string>
}

export interface HttpServer {
  route<Locals = Record<string, unknown>>(route: Route<Locals>): void
  files(files: Files): void
  /** Errors under the path prefix are answered by this translator (the longest prefix wins); elsewhere the REST shape. */
  translate(prefix: string, translator: Translator): void
  /** Starts to serve and returns the port; with port 0 the system chooses one. */
  listen(at: { port: number; host: string }): Promise<number>
  /** Accepts nothing new, lets requests in flight finish for at most 10 s, then closes every connection. */
  close(): Promise<void>
}
