// S1b: what an unknown caller may send is counted as it is received, on every path, and decided before more is read.
import { afterAll, describe, expect, test } from 'vitest'
import { routes } from '../../../src/api/rest/routes.ts'
import { bootApp } from '../../harness/app.ts'
import { open, parseRaw, until } from '../../platform/http/harness.ts'

const LIMIT = 16 * 1024

const app = await bootApp()
afterAll(() => app.close())
const port = Number(new URL(app.url).port)

interface Place {
  readonly method: string
  readonly path: string
  /** The status of a body that is too long, from a caller without a credential. */
  readonly status: number
  readonly type?: string
}

const filled = (path: string) => path.replaceAll(/:\w+/g, '1')
const places: Place[] = [
  ...routes.flatMap(row =>
    [row, ...row.aliases].flatMap(({ methods, path }) =>
      methods.includes('GET')
        ? []
        : methods.map(method => ({
            method,
            path: filled(path),
            status: row.credential === 'none' || row.credential === 'optional' ? 413 : 401,
          })),
    ),
  ),
  { method: 'POST', path: '/graphql', status: 401 },
  { method: 'POST', path: '/login', status: 413, type: 'application/x-www-form-urlencoded' },
  { method: 'POST', path: '/login/bim', status: 413, type: 'application/x-www-form-urlencoded' },
  { method: 'POST', path: '/login/bim/backchannel', status: 413, type: 'application/x-www-form-urlencoded' },
  { method: 'POST', path: '/scim/v2/bim/Users', status: 401 },
  { method: 'POST', path: '/scim/v2/bim/Bulk', status: 401 },
  { method: 'PATCH', path: '/scim/v2/bim/Groups/x', status: 401 },
]

/** Sends what is given and never the end of the body; answers what comes all the same. */
async function unfinished({ method, path, type = 'application/json' }: Place, header: string, sent: string) {
  const { socket, received } = await open(port)
  socket.write(`${method} ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\n${header}\r\n\r\n${sent}`)
  await until(() => received().includes('\r\n\r\n'))
  socket.destroy()
  return parseRaw(received())
}

describe('one byte more than 16 KB', () => {
  test.each(places)('$method $path: $status, chunked', async place => {
    const half = 'x'.repeat(LIMIT / 2)
    const chunks = `${half.length.toString(16)}\r\n${half}\r\n`.repeat(2)
    expect((await unfinished(place, 'transfer-encoding: chunked', `${chunks}1\r\nx\r\n`)).status).toBe(place.status)
  })

  test.each(places)('$method $path: $status, announced', async place => {
    expect((await unfinished(place, `content-length: ${LIMIT + 1}`, '')).status).toBe(place.status)
  })
})

test('16 KB are read, and a known caller may send 1 MB', async () => {
  const start = '{"username":"nobody","password":"x","filler":"'
  const body = (bytes: number) => `${start}${'x'.repeat(bytes - start.length - 2)}"}`
  const path = '/bim/iam/bim/user/authenticate'
  const headers = { 'content-type': 'application/json' }
  const asked = (text: string) => fetch(app.url + path, { method: 'POST', headers, body: text })
  expect(body(LIMIT).length).toBe(LIMIT)
  expect((await asked(body(LIMIT))).status).toBe(401)
  expect((await asked(body(LIMIT + 1))).status).toBe(413)
  const known = await app.graphql('query($filler:String){viewer{can}}', { filler: 'x'.repeat(1_000_000) })
  expect(known.data ?? known.errors![0].extensions.code).toBe('GRAPHQL_VALIDATION_FAILED')
})
