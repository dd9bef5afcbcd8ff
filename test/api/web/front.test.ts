// `GET /`, the icon, and what a browser sees when something fails outside the APIs.
import { afterAll, describe, expect, test } from 'vitest'
import { API_PATHS } from '../../../src/api/paths.ts'
import { registerFront } from '../../../src/api/web/front.ts'
import { Unavailable } from '../../../src/platform/errors.ts'
import { bootApp } from '../../harness/app.ts'
import { serve } from '../../platform/http/harness.ts'

const BROWSERS = [
  'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'text/html',
]
const PROGRAMS = [
  undefined,
  '*/*',
  'application/json',
  'application/json, text/plain, */*',
  'text/html;q=0.5, application/json',
  'image/png,*/*;q=0.8',
]

const app = await bootApp()
afterAll(() => app.close())

const ask = (path: string, accept?: string, init: RequestInit = {}) =>
  fetch(`${app.url}${path}`, { redirect: 'manual', ...init, headers: { ...(accept && { accept }), ...init.headers } })

async function signIn({ userid, password }: { userid: string; password: string }): Promise<string> {
  const entered = await ask('/login', 'text/html', {
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ iamid: 'bim', userid, password }).toString(),
  })
  expect([entered.status, entered.headers.get('location')]).toEqual([303, '/'])
  return entered.headers.getSetCookie()[0]!.split(';')[0]!
}

describe('/', () => {
  test.each(BROWSERS)('leads a browser (%s) to the page of its session', async accept => {
    const answer = await ask('/', accept)
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/login'])
    expect(answer.headers.get('vary')).toMatch(/^Accept\b/)
    const ben = await app.as([])
    for (const [person, page] of [
      [app.admin, '/console'],
      [ben, '/account'],
    ] as const) {
      const cookie = await signIn(person)
      expect((await ask('/', accept, { headers: { cookie } })).headers.get('location')).toBe(page)
      expect((await ask(page, accept, { headers: { cookie } })).status).toBe(200)
    }
    expect(await (await fetch(app.url, { headers: { accept } })).text()).toContain('<h1>Sign in</h1>')
  })

  test.each(PROGRAMS)('is an index for a program (%s)', async accept => {
    const answer = await ask('/', accept)
    expect([answer.status, answer.headers.get('vary')]).toEqual([200, expect.stringMatching(/^Accept\b/)])
    const { addresses, ...index } = (await answer.json()) as { addresses: Record<string, string> }
    expect(index).toEqual({ name: 'Roster', version: expect.stringMatching(/^\d+\.\d+\.\d+/) })
    expect(Object.keys(addresses)).toEqual([
      'graphql',
      'rest',
      'openapi',
      'scim',
      'logIn',
      'console',
      'account',
      'playground',
      'health',
    ])
    for (const [name, address] of Object.entries(addresses)) {
      const path = address
        .replace(app.url, '')
        .replace('{iamid}', 'corp/Schemas')
        .replace(/^\/bim$/, '/bim/user')
      expect([200, 303, 401], name).toContain((await ask(path)).status)
    }
  })
})

test('the icon is one, and pages may show it', async () => {
  const answer = await ask('/favicon.ico', 'image/avif,image/webp,*/*;q=0.8')
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/x-icon'])
  expect(answer.headers.get('cache-control')).toBe('public, max-age=86400')
  const bytes = Buffer.from(await answer.arrayBuffer())
  expect([...bytes.subarray(0, 6)]).toEqual([0, 0, 1, 0, 1, 0])
  expect(bytes.subarray(22, 30)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))
  const page = await ask('/login', BROWSERS[0])
  expect(await page.text()).toContain(`<link rel="icon" href="/favicon.ico">`)
  expect(page.headers.get('content-security-policy')).toContain("img-src 'self'")
})

describe('outside the APIs', () => {
  const failures: [what: string, path: string, method: string, status: number, title: string][] = [
    ['an unknown page', '/nothing', 'GET', 404, 'There is no page here'],
    ['an unknown asset', '/assets/none.js', 'GET', 404, 'There is no page here'],
    ['another method', '/graphiql', 'DELETE', 405, 'This page cannot be used like that'],
    ['a path that is none', '/login/%ff', 'GET', 400, 'This request cannot be answered'],
    ['a form of another type', '/login', 'POST', 415, 'This request cannot be answered'],
  ]
  test.each(failures)('%s is a page to a browser, and JSON to a program', async (_, path, method, status, title) => {
    const init = { method, ...(method === 'POST' && { body: 'x', headers: { 'content-type': 'application/x-unknown' } }) }
    for (const accept of BROWSERS) {
      const answer = await ask(path, accept, init)
      expect(answer.status).toBe(status)
      expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
      expect(answer.headers.get('vary')).toMatch(/^Accept\b/)
      const text = await answer.text()
      expect(text).toContain(`<h1>${title}</h1>`)
      expect(text).toContain(`Request ${answer.headers.get('x-request-id')}`)
      expect(text).toContain('href="/login"')
      if (status === 405) expect(answer.headers.get('allow')).toMatch(/^GET, HEAD/)
    }
    for (const accept of PROGRAMS) {
      const answer = await ask(path, accept, init)
      expect(await answer.json(), accept).toMatchObject({ statusCode: status })
    }
  })

  test('nothing of a request is repeated', async () => {
    const text = await (await ask('/%3Cscript%3Ealert(1)%3C/script%3E', BROWSERS[0])).text()
    expect(text).not.toMatch(/script|alert/)
  })
})

test.each(API_PATHS)('%s is JSON to browsers too', async prefix => {
  const answer = await ask(`${prefix}/nothing/at/all`, BROWSERS[0])
  expect(answer.headers.get('content-type')).toContain('json')
})

test('the database away, and an unforeseen error', async () => {
  const served = await serve(http => {
    registerFront(http, { publicUrl: 'https://roster.example/id', whoIs: async () => null })
    const failing = (path: string, error: Error) =>
      http.route({ method: ['GET', 'POST'], path, handler: () => Promise.reject(error) })
    failing('/login', new Unavailable('The database does not respond', { retryAfter: 7 }))
    failing('/broken', new Error('secret detail'))
  })
  try {
    for (const method of ['GET', 'POST']) {
      const away = await fetch(`${served.url}/login`, { method, headers: { accept: BROWSERS[0]! } })
      expect([away.status, away.headers.get('retry-after')]).toEqual([503, '7'])
      const text = await away.text()
      expect(text).toContain('<h1>Roster is not available</h1>')
      expect(text).toContain('The database does not respond.')
      expect(text).toContain('Please try again in 7 seconds.')
      expect(text).toContain('href="/id/login"')
      const broken = await fetch(`${served.url}/broken`, { method, headers: { accept: BROWSERS[0]! } })
      const shown = await broken.text()
      expect([broken.status, shown.includes('<h1>Something went wrong</h1>'), shown.includes('secret')]).toEqual([
        500,
        true,
        false,
      ])
      expect(shown).toContain(broken.headers.get('x-request-id')!)
    }
  } finally {
    await served.http.close()
  }
})
