// Each client of another system under the same rules: a denied address gets no packet, whichever of them asks and however it is written.
import { type AddressInfo, createServer } from 'node:net'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openLdap } from '../../../src/connectors/ldap.ts'
import { checkProvider } from '../../../src/connectors/oidc.check.ts'
import { readLogoutToken } from '../../../src/connectors/oidc.logout-token.ts'
import { begin } from '../../../src/connectors/oidc.ts'
import { callUserInfo } from '../../../src/connectors/userinfo.ts'
import { createMailer } from '../../../src/platform/mail/mailer.ts'
import { createOutbound, type Outbound } from '../../../src/platform/outbound/connect.ts'
import { outboundRulesOf } from '../../../src/platform/outbound/policy.ts'

let seen = 0
let port = 0
const server = createServer(socket => {
  seen++
  socket.on('error', () => {})
  socket.destroy()
})
beforeAll(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterAll(() => void server.close())

const ldap = (outbound: Outbound, host: string, more: object) =>
  openLdap(
    { options: { host, port, userSearchBase: 'dc=x', userIdAttribute: 'uid', connectTimeout: 1_000, ...more } },
    new Map(),
    { outbound },
  )
    .find('ana')
    .catch((error: Error) => error.message)
let serial = 0
const relying = (outbound: Outbound, host: string) => ({
  options: { clientId: 'roster', enableSSL: false, discoverUrl: `http://${host}:${port}/${++serial}` },
  clientSecret: null,
  outbound,
})
const manual = (outbound: Outbound, host: string) => {
  const at = `http://${host}:${port}`
  const endpoints = {
    authorizationEndpoint: at,
    tokenEndpoint: `${at}/token`,
    jwksUri: `${at}/jwks/${++serial}`,
    userInfoEndpoint: `${at}/me`,
  }
  return { options: { clientId: 'roster', enableSSL: false, issuer: at, ...endpoints }, clientSecret: 's', outbound }
}
const detail = (error: Error & { detail?: string }) => error.detail ?? error.message

/** What each client answers; the texts hold the refusal where there is one. */
const clients: [string, (outbound: Outbound, host: string) => Promise<unknown>][] = [
  ['LDAP', (outbound, host) => ldap(outbound, host, {})],
  ['LDAPS', (outbound, host) => ldap(outbound, host, { useSSL: true })],
  ['StartTLS', (outbound, host) => ldap(outbound, host, { startTLS: true })],
  [
    'user info',
    (outbound, host) => callUserInfo(outbound, { config: { uri: `http://${host}:${port}/` }, secrets: {}, userid: 'ana' }),
  ],
  [
    'user info over TLS',
    (outbound, host) => callUserInfo(outbound, { config: { uri: `https://${host}:${port}/` }, secrets: {}, userid: 'ana' }),
  ],
  ['discovery', (outbound, host) => begin(relying(outbound, host), { redirectUri: 'https://r.example' }).catch(detail)],
  ['keys, token and user info of a provider', (outbound, host) => checkProvider(manual(outbound, host), 'https://r.example')],
  [
    'keys for logout tokens',
    (outbound, host) => readLogoutToken(manual(outbound, host), 'e30.e30.e30', new Date()).catch(detail),
  ],
  [
    'mail',
    async (outbound, host) => {
      const lines: string[] = []
      const log = pino({ level: 'warn' }, { write: line => void lines.push(line) })
      const config = { smtpUrl: `smtp://${host}:${port}`, mailFrom: 'a@x.example', publicUrl: 'https://r.example' }
      const mailer = createMailer(config, { outbound, log, timeoutMs: 1_000 })
      const mail = { to: 'b@x.example', name: 'B', userid: 'b', link: 'https://r.example/', expires: new Date() }
      const isSent = await mailer.sendInvitation(mail)
      mailer.close()
      return { isSent, lines }
    },
  ],
]

describe.each(clients)('%s', (name, ask) => {
  test.each(['127.0.0.1', '2130706433', '0x7f000001', '127.1', 'localhost'])('to %s', async host => {
    const before = seen
    const denied = JSON.stringify(
      await ask(createOutbound({ allow: null, deny: outboundRulesOf('127.0.0.0/8 ::1', 'OUTBOUND_DENY') }), host),
    )
    expect(denied).toContain(name === 'mail' ? 'NOT_ALLOWED' : 'The address is not allowed: OUTBOUND_DENY names the address')
    expect(seen).toBe(before)
    await ask(createOutbound({ allow: null, deny: [] }), host)
    expect(seen).toBeGreaterThan(before)
  })
})
