// S1, S3 and S4 as they were found: while they go on, no piece of the process is long, and others are answered.
import { afterAll, expect, test } from 'vitest'
import { send } from '../../contract/client.ts'
import { bootApp } from '../../harness/app.ts'
import { serverUrl } from '../../harness/database.ts'
import { open, parseRaw, until } from '../../platform/http/harness.ts'
import { DELAY, longestPiece } from './delay.ts'

const app = await bootApp()
afterAll(() => app.close())
const many = (count: number, one: (n: number) => string) => Array.from({ length: count }, (_, n) => one(n)).join(' ')

/** Does the attack while another caller asks, one question after the other; answers the longest of theirs, in ms. */
async function meanwhile(attack: () => Promise<unknown>): Promise<{ piece: number; slowest: number }> {
  let over = false
  const others = async () => {
    let slowest = 0
    while (!over) {
      const began = performance.now()
      expect((await fetch(`${app.url}/health/live`)).status).toBe(200)
      slowest = Math.max(slowest, performance.now() - began)
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    return slowest
  }
  const asking = others()
  const { piece } = await longestPiece(attack).finally(() => {
    over = true
  })
  return { piece, slowest: await asking }
}

test('S1: 1 MB of one pattern in a key, chunked and without a credential, is refused after 16 KB', async () => {
  const key = ' cannot represent non'.repeat(50_000)
  const body = JSON.stringify({
    query: 'mutation($i:LogInInput!){logIn(input:$i){token}}',
    variables: { i: { userid: 'a', password: 'b', [key]: 1 } },
  })
  const { piece } = await meanwhile(async () => {
    const { socket, received } = await open(Number(new URL(app.url).port))
    socket.write('POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n')
    for (let at = 0; at < body.length && received() === ''; at += 65_536) {
      const part = body.slice(at, at + 65_536)
      socket.write(`${part.length.toString(16)}\r\n${part}\r\n`)
      await new Promise(resolve => setImmediate(resolve))
    }
    await until(() => received() !== '')
    expect(parseRaw(received()).status).toBe(401)
    socket.destroy()
  })
  expect(piece).toBeLessThan(DELAY)
})

test('S3: small anonymous documents, four at a time for a second', async () => {
  const query = `mutation{${many(1_239, n => `logIn{t${n}}`)}}`
  const { piece } = await meanwhile(async () => {
    const end = Date.now() + 1_000
    const flood = async () => {
      while (Date.now() < end) expect((await send(app.url, 'POST', '/graphql', { json: { query } })).status).toBe(401)
    }
    await Promise.all([flood(), flood(), flood(), flood()])
  })
  expect(piece).toBeLessThan(DELAY)
})

test('S3b: 1 MB of short keys, with and without a credential', async () => {
  const raw = `{"\\u0061":1,${Array.from({ length: 90_000 }, (_, n) => `"k${n}":1`).join()}}`
  const { piece } = await meanwhile(async () => {
    const path = '/bim/iam/bim/user/authenticate'
    expect((await send(app.url, 'POST', path, { raw, type: 'application/json' })).status).toBe(413)
    expect((await send(app.url, 'POST', '/bim/group', { raw, type: 'application/json', token: app.admin.token })).status).toBe(
      400,
    )
  })
  expect(piece).toBeLessThan(DELAY)
})

test('S4: introspection 90 times over, and 30 answers of 6 MB of JSON', async () => {
  const preferences = { text: 'y'.repeat(60_000) }
  const set = 'mutation($i: UpdateProfileInput!) { updateProfile(input: $i) { user { id: databaseId } } }'
  expect((await app.graphql(set, { i: { ref: { name: { userid: 'admin' } }, profile: { preferences } } })).errors).toBeUndefined()
  const schema = `{${many(90, n => `a${n}:__schema{types{name description fields{name args{name description type{name}}}}}`)}}`
  const json = `{${many(95, n => `v${n}:viewer{user{profile{preferences}}}`)}}`
  const read = async (query: string) => {
    const answer = await fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${app.admin.token}` },
      body: JSON.stringify({ query }),
    })
    // Counted and not kept: reading is the attacker's work.
    let bytes = 0
    for await (const part of answer.body!) bytes += part.length
    return bytes
  }
  const { piece, slowest } = await meanwhile(async () => {
    await read(schema)
    const sizes = await Promise.all(Array.from({ length: 30 }, () => read(json)))
    expect(Math.max(...sizes)).toBeGreaterThan(5_000_000)
  })
  expect(piece).toBeLessThan(DELAY)
  if (serverUrl) expect(slowest).toBeLessThan(5_000)
})
