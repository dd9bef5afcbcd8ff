import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, expect, test } from 'vitest'
import { registerUi } from '../../src/api/web/ui.ts'
import { createHttp } from '../../src/platform/http/server.ts'

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const each of undo.splice(0).reverse()) await each()
})

/** A server with the playground of a folder that has these files. */
async function serve(files: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), 'roster-playground-'))
  undo.push(() => rmSync(folder, { recursive: true }))
  const built = join(folder, 'ui')
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(built, path, '..'), { recursive: true })
    writeFileSync(join(built, path), text)
  }
  writeFileSync(join(folder, 'secret.txt'), 'not to be served')
  const http = createHttp({ log: pino({ level: 'silent' }) })
  registerUi(http, { publicUrl: 'https://roster.example/people', isSignedIn: async () => true, built })
  const port = await http.listen({ port: 0, host: '127.0.0.1' })
  undo.push(() => http.close())
  return (path: string, headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual', headers })
}

function directives(response: Response): Record<string, string[]> {
  const policy = response.headers.get('content-security-policy') ?? ''
  return Object.fromEntries(policy.split('; ').map(each => [each.split(' ')[0]!, each.split(' ').slice(1)]))
}

test.each(['/graphiql', '/graphiql/'])('%s is the page, never stored, with the policy', async path => {
  const get = await serve({ 'playground.html': '<title>built</title>' })
  const response = await get(path)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(await response.text()).toBe('<title>built</title>')
  const policy = directives(response)
  expect(policy).toMatchObject({
    'default-src': ["'none'"],
    'script-src': ["'self'"],
    'worker-src': ["'self'"],
    'connect-src': ["'self'"],
    'base-uri': ["'none'"],
    'form-action': ["'none'"],
    'frame-ancestors': ["'none'"],
  })
  const loose = Object.entries(policy).filter(([, sources]) => sources.some(source => source.startsWith("'unsafe")))
  expect(loose).toEqual([['style-src', ["'self'", "'unsafe-inline'"]]])
})

test('assets, whose names change with their contents, are kept for good and hold workers to the same policy', async () => {
  const get = await serve({ 'playground.html': '', 'assets/graphql.worker-1a2b.js': 'postMessage(1)' })
  const [page, asset] = [await get('/graphiql'), await get('/assets/graphql.worker-1a2b.js')]
  expect(asset.status).toBe(200)
  expect(await asset.text()).toBe('postMessage(1)')
  expect(asset.headers.get('content-type')).toContain('javascript')
  expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  expect(asset.headers.get('x-content-type-options')).toBe('nosniff')
  expect(directives(asset)).toEqual(directives(page))
})

test.each(['none.js', '', '..%2f..%2fsecret.txt', '.hidden'])('nothing else under assets: %s', async path => {
  const get = await serve({ 'playground.html': '', 'assets/one.js': '1', 'assets/.hidden': '2' })
  const response = await get(`/assets/${path}`)
  expect(response.status).toBe(404)
  expect(response.headers.get('cache-control') ?? '').not.toContain('immutable')
  expect(await response.json()).toMatchObject({ statusCode: 404 })
})

test('not built: 503 with what to run', async () => {
  const get = await serve({})
  const response = await get('/graphiql')
  expect(response.status).toBe(503)
  expect(response.headers.get('content-type')).toContain('application/json')
  expect(await response.json()).toMatchObject({ statusCode: 503, message: expect.stringContaining('npm run generate') })
})

test('the page shows whether the browser has a session, and no part of it', async () => {
  const get = await serve({ 'playground.html': '<div id="root"></div>' })
  const page = async (cookie: string) => (await get('/graphiql', { cookie })).text()
  expect(await page('roster_session=rt_x')).toBe('<div id="root" data-session></div>')
  for (const cookie of ['', 'other=1', 'roster_session=a; roster_session=b'])
    expect(await page(cookie)).toBe('<div id="root"></div>')
  expect((await get('/graphiql')).headers.get('vary')).toContain('cookie')
})

test('the page asks for its assets below the path of PUBLIC_URL', async () => {
  const get = await serve({ 'playground.html': '<script src="./assets/a.js"></script><link href="./assets/b.css">' })
  const page = await (await get('/graphiql')).text()
  expect(page).toBe('<script src="/people/assets/a.js"></script><link href="/people/assets/b.css">')
})
