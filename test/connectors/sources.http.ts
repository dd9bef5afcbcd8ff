// OpenID Connect at a real provider, and the external user info endpoint, which a log-in with a provider calls; each behind a proxy.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Browser } from '../authentication/oidc/browser.ts'
import { type RealProvider, realProvider, SECRET } from '../authentication/oidc/provider.ts'
import type { TestApp } from '../harness/app.ts'
import { createIam, type Kind, leftOut, type Outcome, type PeerUser, type SourceHandle, updateIam, warned } from './sources.ts'
import { type TlsProxy, tlsProxy } from './tls-proxy.ts'

/** Stops before the callback of Roster; the returned function requests it. */
async function atCallback(app: TestApp, iamid: string, idp: RealProvider, userid: string): Promise<() => Promise<Outcome>> {
  idp.next = userid
  const browser = new Browser()
  const callback = `${app.url}/login/${iamid}/callback`
  const { url } = await browser.visit(`${app.url}/login/${iamid}`, {}, address => address.startsWith(callback))
  return () => browser.visit(url)
}

const optionsOf = (issuer: string, clientId: string, secure = false) => ({
  clientId,
  clientSecret: SECRET,
  discoverUrl: secure ? issuer.replace('http:', 'https:') : issuer,
  enableSSL: secure,
  scopes: ['openid', 'profile', 'groups'],
})

async function providerAt(app: TestApp, iamid: string): Promise<{ idp: RealProvider; before: TlsProxy; issuer: string }> {
  const target = { port: 0 }
  const before = await tlsProxy(target)
  const issuer = `http://127.0.0.1:${before.port}`
  const idp = await realProvider({ [iamid]: [`${app.url}/login/${iamid}/callback`] }, app.url, { known: issuer })
  target.port = idp.port
  return { idp, before, issuer }
}

const ENDPOINT_SECRET = 'a password of the endpoint'

export const openid: Kind = {
  name: 'OpenID Connect',
  missing: null,
  async open(app, iamid): Promise<SourceHandle> {
    const { idp, before, issuer } = await providerAt(app, iamid)
    const schema = { profile: { name: 'name' }, authorizations: { Team: 'team' } }
    const configOf = (secure = false) => ({ options: optionsOf(issuer, iamid, secure), schema })
    await createIam(app, iamid, 'OPENID', configOf())
    const refused = { status: 503, logged: warned(iamid, /^a log-in with an OpenID provider failed$/) }
    return {
      iamid,
      source: iamid,
      profiles: true,
      key: 'Team',
      disabled: 401,
      arrives: async () => {},
      async provides(userid, user) {
        idp.people[userid] = { ...user }
      },
      async omits(userid) {
        idp.people[userid] = {}
      },
      approach: userid => atCallback(app, iamid, idp, userid),
      async trouble(kind) {
        before.is(kind)
        if (kind === 'wrong certificate') await updateIam(app, iamid, configOf(true))
        return async () => {
          before.is('through')
          if (kind === 'wrong certificate') await updateIam(app, iamid, configOf())
        }
      },
      waiting: () => before.waiting(),
      refusals: { gone: refused, hangs: refused, garbage: refused, 'wrong certificate': refused },
      reports: leftOut(iamid),
      secrets: [SECRET, 'eyJ'],
      async close() {
        await before.close()
        await idp.close()
      },
    }
  },
}

export const userInfo: Kind = {
  name: 'external user info',
  missing: null,
  async open(app, iamid): Promise<SourceHandle> {
    const { idp, before: free, issuer } = await providerAt(app, iamid)
    const known = new Map<string | null, PeerUser>()
    const endpoint = createServer((request, response) => {
      const user = known.get(new URL(request.url!, 'http://endpoint').searchParams.get('userid'))
      if (user === undefined) return response.writeHead(404).end()
      response.end(
        JSON.stringify({
          groups: user.groups.map(name => ({ name })),
          authorizations: user.team.length > 0 ? { Team: user.team } : {},
        }),
      )
    }).listen(0, '127.0.0.1')
    await once(endpoint, 'listening')
    const before = await tlsProxy({ port: (endpoint.address() as AddressInfo).port })
    const configOf = (secure = false) => ({
      authenticationOnly: true,
      options: optionsOf(issuer, iamid),
      externalUserInfo: {
        uri: `${secure ? 'https' : 'http'}://127.0.0.1:${before.port}/user-info`,
        authentication: { username: 'roster', password: ENDPOINT_SECRET },
        timeoutMs: 60_000,
      },
    })
    await createIam(app, iamid, 'OPENID', configOf())
    // A log-in succeeds with the stored groups.
    const kept = { status: 200, logged: warned(iamid, /^the user info endpoint gave no answer$/) }
    return {
      iamid,
      source: 'user info',
      profiles: false,
      key: 'Team',
      disabled: 401,
      arrives: async () => {},
      async provides(userid, user) {
        known.set(userid, user)
      },
      async omits(userid) {
        known.delete(userid)
      },
      approach: userid => atCallback(app, iamid, idp, userid),
      async trouble(kind) {
        before.is(kind)
        if (kind === 'wrong certificate') await updateIam(app, iamid, configOf(true))
        return async () => {
          before.is('through')
          if (kind === 'wrong certificate') await updateIam(app, iamid, configOf())
        }
      },
      waiting: () => before.waiting(),
      refusals: { gone: kept, hangs: kept, garbage: kept, 'wrong certificate': kept },
      reports: leftOut('user info'),
      secrets: [SECRET, ENDPOINT_SECRET, 'eyJ'],
      async close() {
        await before.close()
        endpoint.closeAllConnections()
        endpoint.close()
        await free.close()
        await idp.close()
      },
    }
  },
}
