import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Backend } from '../../../src/platform/database/embedded.stream.ts'

describe('node-postgres on PGlite', () => {
  let db: PGlite
  let backend: Backend
  const open: pg.Client[] = []
  const connect = async () => {
    const client = new pg.Client({
      user: 'postgres',
      database: 'postgres',
      ssl: false,
      stream: () => backend.connect(),
    } as pg.ClientConfig)
    open.push(client)
    await client.connect()
    return client
  }
  beforeAll(async () => {
    db = await PGlite.create('memory://')
    backend = new Backend(db)
    await db.exec('CREATE TABLE notes (id int PRIMARY KEY)')
  })
  afterAll(() => db?.close())

  it('leaves nothing of a connection that ends inside a transaction', async () => {
    const first = await connect()
    await first.query('BEGIN')
    await first.query('INSERT INTO notes VALUES (1)')
    await first.query("SET TimeZone = 'Asia/Tokyo'")
    await first.query('CREATE TEMP TABLE passing (id int)')
    await first.query({ name: 'kept', text: 'SELECT 1 AS n' })
    await first.end()
    const second = await connect()
    expect((await second.query('SELECT count(*)::int AS n FROM notes')).rows).toEqual([{ n: 0 }])
    expect((await second.query('SELECT count(*)::int AS n FROM pg_prepared_statements')).rows).toEqual([{ n: 0 }])
    expect((await second.query("SELECT to_regclass('passing') AS there")).rows).toEqual([{ there: null }])
    expect((await second.query('SHOW TimeZone')).rows).not.toEqual([{ TimeZone: 'Asia/Tokyo' }])
    // The same name with another text: it was forgotten.
    expect((await second.query({ name: 'kept', text: 'SELECT 2 AS n' })).rows).toEqual([{ n: 2 }])
    await second.end()
  })

  it('is empty only after the current session and the waiting ones: the database must not be closed before', async () => {
    const leave = await backend.enter()
    const next = backend.enter()
    let isEmpty = false
    const empty = backend.emptied().then(() => {
      isEmpty = true
    })
    expect(isEmpty).toBe(false)
    await leave()
    const leaveNext = await next
    await backend.send(new Uint8Array([0x53, 0, 0, 0, 4]))
    expect(isEmpty).toBe(false)
    await leaveNext()
    await empty
  })

  it('passes the turn on of a connection that was destroyed while it waited', async () => {
    const first = await connect()
    const gone = backend.connect()
    const closed = new Promise(resolve => gone.once('close', resolve))
    // A start-up message: its length (4 bytes, itself included), protocol 3.0, no parameters.
    gone.write(Buffer.from([0, 0, 0, 9, 0, 3, 0, 0, 0]))
    gone.destroy()
    await closed
    await first.end()
    const second = await connect()
    expect((await second.query('SELECT 1 AS n')).rows).toEqual([{ n: 1 }])
    await second.end()
  })

  it('makes the next connection wait until the one before has left', async () => {
    const first = await connect()
    await first.query('BEGIN')
    await first.query('INSERT INTO notes VALUES (2)')
    const order: string[] = []
    const second = connect().then(client => {
      order.push('second is in')
      return client
    })
    await first.query('SELECT 1')
    order.push('first still works')
    await first.query('COMMIT')
    await first.end()
    const client = await second
    expect(order).toEqual(['first still works', 'second is in'])
    expect((await client.query('SELECT id FROM notes')).rows).toEqual([{ id: 2 }])
    await client.end()
  })

  it('goes on after a failed statement, inside and outside of a transaction', async () => {
    const client = await connect()
    await expect(client.query('SELECT $1::int', ['x'])).rejects.toMatchObject({ code: '22P02' })
    await client.query('BEGIN')
    await expect(client.query('SELEC')).rejects.toMatchObject({ code: '42601' })
    await expect(client.query('SELECT 1')).rejects.toMatchObject({ code: '25P02' })
    expect((await client.query('COMMIT')).command).toBe('ROLLBACK')
    expect((await client.query('SELECT 1 AS n')).rows).toEqual([{ n: 1 }])
    await client.end()
  })

  it('takes messages in pieces of any size', async () => {
    const stream = backend.connect()
    const answers: Buffer[] = []
    stream.on('data', (chunk: Buffer) => answers.push(chunk))
    const startup = Buffer.from('\0\0\0\0\0\x03\0\0user\0postgres\0database\0postgres\0\0', 'latin1')
    startup.writeUInt32BE(startup.length, 0)
    const text = "SELECT 'in pieces'\0"
    const query = Buffer.from(`Q\0\0\0${String.fromCharCode(4 + text.length)}${text}`, 'latin1')
    for (const byte of Buffer.concat([startup, query])) await new Promise(resolve => stream.write(Buffer.from([byte]), resolve))
    await new Promise(resolve => setImmediate(resolve))
    const answer = Buffer.concat(answers).toString('latin1')
    expect(answer).toContain('in pieces')
    expect(answer.endsWith('Z\0\0\0\x05I')).toBe(true)
    await new Promise(resolve => stream.on('close', resolve).destroy())
  })
})
