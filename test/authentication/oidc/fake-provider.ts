// A provider that says what a test tells it to: of each step it can do the wrong thing.
import { createHash, createHmac, generateKeyPairSync, type JsonWebKey, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

export interface Overrides {
  /** Changes the claims of the ID token. */
  claims?: (claims: Record<string, unknown>) => Record<string, unknown>
  /** Changes the header of the ID token, before it is signed. */
  header?: Record<string, unknown>
  /** Signs with the key before the last change, and says that it is the present one. */
  old?: boolean
  /** Changes the finished ID token. */
  token?: (token: string) => string | undefined
  /** Answers a path in its own way. */
  answers?: Record<string, (response: ServerResponse) => void>
  /** Called when a path is requested. */
  counts?: Record<string, () => void>
  /** Changes the address that the browser goes back to. */
  back?: (url: URL) => void
  /** Changes the discovery document. */
  discovery?: Record<string, unknown>
  /** Adds to the answer of the token endpoint. */
  response?: Record<string, unknown>
  /** A place that is there with slashes in front of it and behind it, too. */
  alias?: string
}

export interface FakeProvider {
  readonly issuer: string
  overrides: Overrides
  /** The forms that the token endpoint got, with the Authorization header, and the queries that the authorization endpoint got. */
  readonly asked: { form: URLSearchParams; authorization: string | undefined }[]
  readonly begun: URLSearchParams[]
  readonly accessToken: string
  /** A JWT with these claims, signed by the present key. */
  signed(claims: object, header?: object): string
  /** From now on another key signs, and the old one is gone. */
  rotate(): void
  /** The public key as PEM, for those who take it for a shared secret. */
  publicKey(): string
  /** A second key beside the first, neither with an id. */
  nameless(): void
  close(): Promise<void>
}

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A token without a signature (`none`), or with one made from a known `key`. */
export const signedWith = (alg: 'none' | 'HS256', key: string) => (token: string) => {
  const claims = token.split('.')[1]!
  const start = `${base64({ alg, kid: 'key 1' })}.${claims}`
  return `${start}.${alg === 'none' ? '' : createHmac('sha256', key).update(start).digest('base64url')}`
}

/** The same claims signed by a stranger, whose key the header brings (`jwk`) or names (`jku`). */
export const withOwnKey = (by: 'jwk' | 'jku') => (token: string) => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = by === 'jwk' ? { jwk: publicKey.export({ format: 'jwk' }) } : { jku: 'https://evil.example/jwks' }
  const start = `${base64({ alg: 'ES256', ...key })}.${token.split('.')[1]}`
  return `${start}.${sign('sha256', Buffer.from(start), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

/** The same token and signature about somebody else. */
export const withSub = (sub: string) => (token: string) => {
  const [header, claims, signature] = token.split('.') as [string, string, string]
  return `${header}.${base64({ ...JSON.parse(Buffer.from(claims, 'base64url').toString()), sub })}.${signature}`
}

export async function fakeProvider(clientId: string): Promise<FakeProvider> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  const accessToken = 'the access token of the fake provider'
  let serial = 0
  const fresh = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })
  let pair = fresh()
  let before = pair
  let keys: JsonWebKey[] = []
  const challenges = new Map<string, { nonce: string | null; challenge: string | null }>()
  const self: FakeProvider = {
    issuer,
    overrides: {},
    asked: [],
    begun: [],
    accessToken,
    signed(claims, header) {
      const start = `${base64({ alg: 'ES256', kid: keys[0]!.kid, ...header })}.${base64(claims)}`
      const { privateKey } = self.overrides.old ? before : pair
      const signature = sign('sha256', Buffer.from(start), { key: privateKey, dsaEncoding: 'ieee-p1363' })
      return `${start}.${signature.toString('base64url')}`
    },
    rotate() {
      before = pair
      pair = fresh()
      keys = [{ ...pair.publicKey.export({ format: 'jwk' }), kid: `key ${++serial}`, alg: 'ES256', use: 'sig' }]
    },
    publicKey: () => pair.publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    nameless() {
      keys = [pair, fresh()].map(({ publicKey }) => publicKey.export({ format: 'jwk' }))
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  self.rotate()

  const idToken = (nonce: string | null): string | undefined => {
    const now = Math.floor(Date.now() / 1000)
    const half = createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url')
    const honest = { iss: issuer, aud: clientId, sub: 'somebody', iat: now, exp: now + 60, nonce, at_hash: half }
    const claims = self.overrides.claims?.(honest) ?? honest
    const token = self.signed(claims, self.overrides.header)
    return self.overrides.token ? self.overrides.token(token) : token
  }
  const json = (response: ServerResponse, body: unknown, status = 200) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body))
  }
  const places: Record<string, (url: URL, request: IncomingMessage, response: ServerResponse) => unknown> = {
    '/.well-known/openid-configuration': (_, __, response) =>
      json(response, {
        issuer,
        authorization_endpoint: `${issuer}/auth`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        id_token_signing_alg_values_supported: ['ES256', 'HS256', 'none'],
        ...self.overrides.discovery,
      }),
    '/jwks': (_, __, response) => json(response, { keys }),
    '/auth': ({ searchParams }, _, response) => {
      self.begun.push(searchParams)
      const code = `code-${++serial}`
      challenges.set(code, { nonce: searchParams.get('nonce'), challenge: searchParams.get('code_challenge') })
      const back = new URL(searchParams.get('redirect_uri')!)
      back.searchParams.set('code', code)
      back.searchParams.set('state', searchParams.get('state')!)
      self.overrides.back?.(back)
      response.writeHead(302, { location: back.href })
      response.end()
    },
    '/token': async (_, request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const form = new URLSearchParams(Buffer.concat(chunks).toString())
      self.asked.push({ form, authorization: request.headers.authorization })
      const found = challenges.get(form.get('code') ?? '')
      const verifier = createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url')
      if (found === undefined || found.challenge !== verifier) return json(response, { error: 'invalid_grant' }, 400)
      json(response, {
        access_token: accessToken,
        token_type: 'Bearer',
        id_token: idToken(found.nonce),
        ...self.overrides.response,
      })
    },
  }
  server.on('request', (request, response) => {
    const url = new URL(request.url!, issuer)
    self.overrides.counts?.[url.pathname]?.()
    const own = self.overrides.answers?.[url.pathname]
    if (own) return own(response)
    const place = places[url.pathname.includes(self.overrides.alias ?? '?') ? self.overrides.alias! : url.pathname]
    if (place) return void place(url, request, response)
    json(response, {}, 404)
  })
  return self
}
