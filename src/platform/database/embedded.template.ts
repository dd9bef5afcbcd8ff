import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, openAsBlob, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openEmbedded } from './embedded.ts'
import { migrate, migrationsOf } from './migrate.ts'

function templateFile(): string {
  // vitest lacks import.meta.resolve.
  const entry = createRequire(import.meta.url).resolve('@electric-sql/pglite')
  const { version } = JSON.parse(readFileSync(join(dirname(entry), '../package.json'), 'utf8'))
  const content = JSON.stringify([version, migrationsOf().map(({ checksum }) => checksum)])
  const name = createHash('sha256').update(content).digest('hex').slice(0, 16)
  return fileURLToPath(new URL(`../../../dist/store/store-${name}.tar`, import.meta.url))
}

export async function template(): Promise<Blob | undefined> {
  const file = templateFile()
  return existsSync(file) ? openAsBlob(file) : undefined
}

export async function makeTemplate(): Promise<void> {
  const file = templateFile()
  if (existsSync(file)) return
  const { pool, dump, end } = await openEmbedded({ dataDir: 'memory://', warn() {}, lost() {} })
  const client = await pool.connect()
  await migrate(client, migrationsOf(), { shared: false })
  client.release()
  const content = Buffer.from(await (await dump()).arrayBuffer())
  await end()
  mkdirSync(dirname(file), { recursive: true })
  const draft = `${file}.${randomUUID()}`
  writeFileSync(draft, content)
  renameSync(draft, file)
}
