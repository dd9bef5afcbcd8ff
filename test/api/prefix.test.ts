// Below a path: PUBLIC_URL=http://host/people/roster, behind a proxy that keeps the path and behind one that takes it away.
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../scripts/demo/free-port.ts'
import { bootApp, type TestApp } from '../harness/app.ts'
import { PATH, proxy } from '../harness/path-proxy.ts'

const HTML = { accept: 'text/html,*/*;q=0.8' }

describe.each([
  ['keeps', false],
  ['takes away', true],
])('behind a proxy that %s the path', (_, strips) => {
  let app: TestApp
  let base: string
  const front = proxy(() => app.url, strips)
  beforeAll(async () => {
    const port = await freePort()
    await new Promise<void>(resolve => front.listen(port, '127.0.0.1', resolve))
    base = `http://127.0.0.1:${(front.address() as AddressInfo).port}${PATH}`
    app = await bootApp({ env: { PUBLIC_URL: base } })
  })
  afterAll(async () => {
    front.closeAllConnections()
    front.close()
    await app?.close()
  })

  const ask = (address: string, init: RequestInit = {}) =>
    fetch(new URL(address, `${base}/`), { redirect: 'manual', ...init, headers: { ...HTML, ...init.headers } })
  const form = (fields: Record<string, string>) => ({
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  })
  const logIn = async () => {
    const entered = await ask(`${base}/login`, form({ iamid: 'bim', userid: app.admin.userid, password: app.admin.password }))
    return { entered, cookie: entered.headers.getSetCookie()[0]!.split(';')[0]! }
  }

  /** Pages and assets that can be reached, with what is wrong with any of them. */
  async function crawl(headers: Record<string, string>) {
    const seen = new Set([`${base}/`, `${base}/login`, `${base}/console/users`, `${base}/account`])
    const faults: string[] = []
    for (const address of seen) {
      const answer = await ask(address, { headers })
      if (answer.status >= 400) faults.push(`${answer.status} ${address}`)
      const text = await answer.text()
      const type = answer.headers.get('content-type') ?? ''
      const found = type.startsWith('text/html')
        ? [...text.matchAll(/(?:href|src|action)="([^"]*)"/g)].map(([, link = '']) => link)
        : type.includes('css')
          ? [...text.matchAll(/url\(["']?([^"')]+)/g)].map(([, link = '']) => link)
          : type.includes('javascript')
            ? [...text.matchAll(/["'`](\.\/[\w.-]+\.(?:js|css))["'`]/g)].map(([, link = '']) => link)
            : []
      for (const link of [...found, answer.headers.get('location') ?? '']) {
        if (link === '' || link.startsWith('data:') || /\/logout$/.test(link)) continue
        const next = new URL(link, address)
        next.hash = ''
        if (next.origin === new URL(base).origin) seen.add(next.href)
      }
    }
    return { seen: [...seen], faults }
  }

  test('each page and asset is found, signed out and signed in, and none is outside the path', async () => {
    const { cookie } = await logIn()
    for (const headers of [{}, { cookie }] as Record<string, string>[]) {
      const { seen, faults } = await crawl(headers)
      expect(faults).toEqual([])
      expect(seen.filter(address => !address.startsWith(`${base}/`))).toEqual([])
      const paths = seen.map(address => address.slice(base.length))
      expect(paths).toEqual(expect.arrayContaining(['/', '/login', '/graphiql', '/favicon.ico']))
      expect(paths.filter(path => /^\/assets\/.+\.js$/.test(path)).length).toBeGreaterThan(1)
      expect(paths.filter(path => /^\/assets\/.+\.css$/.test(path)).length).toBeGreaterThan(0)
    }
  }, 60_000)

  test('a log-in leads back to the page, with a cookie of the path; so does a sign-out', async () => {
    const { entered, cookie } = await logIn()
    expect([entered.status, entered.headers.get('location')]).toEqual([303, `${PATH}/`])
    expect(entered.headers.getSetCookie()[0]).toContain(`; Path=${PATH};`)
    const page = await (await ask(`${base}/login`, { headers: { cookie } })).text()
    const [, action = ''] = /action="([^"]+)"/.exec(page) ?? []
    const left = await ask(action, { method: 'POST', headers: { cookie, 'sec-fetch-site': 'same-origin' } })
    expect([left.status, left.headers.get('location')]).toEqual([303, `${base}/login`])
    expect(left.headers.getSetCookie()[0]).toMatch(new RegExp(`^roster_session=; Path=${PATH}; Max-Age=0`))
    expect(await (await ask(`${base}/login`, { headers: { cookie } })).text()).toContain('<h1>Sign in</h1>')
  })

  test('a failure is a page with links below the path', async () => {
    const answer = await ask(`${base}/nothing`)
    expect([answer.status, (await answer.text()).includes(`href="${PATH}/login"`)]).toEqual([404, true])
  })

  test('the APIs answer, and name addresses below the path', async () => {
    const headers = { authorization: `Bearer ${app.admin.token}`, 'content-type': 'application/json', accept: 'application/json' }
    const query = await ask(`${base}/graphql`, { method: 'POST', headers, body: '{"query":"{ viewer { user { userid } } }"}' })
    expect(await query.json()).toMatchObject({ data: { viewer: { user: { userid: 'admin' } } } })
    expect((await ask(`${base}/bim/user`, { headers })).status).toBe(200)
    expect((await ask(`${base}//bim//user`, { headers })).status).toBe(200)
    const openapi = (await (await ask(`${base}/openapi.json`, { headers })).json()) as { servers: { url: string }[] }
    expect(openapi.servers[0]!.url).toBe(base)
    const schemas = (await (await ask(`${base}/scim/v2/corp/Schemas`, { headers: { accept: 'application/json' } })).json()) as any
    for (const { meta } of schemas.Resources) expect(meta.location).toMatch(new RegExp(`^${base}/scim/v2/corp/Schemas/`))
    const { addresses } = (await (await ask(`${base}/`, { headers: { accept: 'application/json' } })).json()) as any
    for (const address of Object.values(addresses)) expect(address).toMatch(new RegExp(`^${base}/`))
    const entry = await ask(`${base}/bim/iam/bim/user/authenticate`)
    expect([entry.status, entry.headers.get('location')]).toEqual([302, `${base}/login`])
  })
})
