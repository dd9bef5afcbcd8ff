// Flow: before npm start, npm test and npm run config, on whatever Node the system has (20 or newer): install what package-lock.json
// asks for unless it is there; then make what is generated, each piece only when what it is made from has changed. Nothing to do: a glance.
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { locked } from './setup.lock.mjs'
import { checkRuntime, install, major, needsInstall, runtime } from './setup.packages.mjs'
import { dropStamp, hash, readStamp, say, writeStamp } from './setup.stamps.mjs'

const generators = [
  {
    name: 'GraphQL types',
    tool: '@graphql-codegen/cli',
    from: [
      'schema.graphql',
      'codegen.ts',
      'scripts/codegen.decoded.mjs',
      'scripts/codegen.inputs.mjs',
      'src/api/graphql/enums.ts',
      'src/api/graphql/node.ids.ts',
      'src/api/graphql/references.ts',
    ],
    also: [
      ['src/api/rest', '.graphql'],
      ['src/ui', '.graphql'],
    ],
    makes: ['src/generated/graphql.ts', 'src/generated/inputs.ts', 'src/generated/ui.ts'],
    run: () => [bin('@graphql-codegen/cli', 'graphql-codegen'), '--config', 'codegen.ts'],
  },
  {
    name: 'Prisma client',
    tool: 'prisma',
    from: ['prisma/schema.prisma', 'prisma.config.ts'],
    makes: ['src/generated/prisma/client.ts'],
    run: () => [bin('prisma'), 'generate'],
  },
  {
    name: 'pages',
    tool: 'vite',
    from: ['schema.graphql', 'codegen.ts', 'vite.ui.config.ts', 'src/api/web/design.css'],
    also: [['src/ui', '']],
    makes: ['dist/ui/playground.html', 'dist/ui/console.html'],
    after: 'GraphQL types',
    run: () => [bin('vite'), 'build', '--config', 'vite.ui.config.ts'],
  },
  {
    name: 'empty store',
    from: ['scripts/template.ts', 'prisma/migrations/migration_lock.toml'],
    also: [['prisma/migrations', '.sql']],
    makes: ['dist/store'],
    run: () => ['scripts/template.ts'],
    before: () => rmSync('dist/store', { recursive: true, force: true }),
  },
]

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const force = process.argv.includes('--force')
try {
  if (major() < 20) throw new Error(`Roster needs Node 20 or newer to set itself up; this is ${process.version}`)
  if (needsInstall() || outdated(force).length > 0) await locked(setUp)
  else checkRuntime()
} catch (error) {
  console.error(`setup: ${error.message}`)
  process.exitCode = 1
}

/** Checks again: another set-up may have finished meanwhile. */
async function setUp() {
  const reason = needsInstall() ?? (outdated(force).some(toolMissing) ? 'the tools that generate code are missing' : null)
  if (reason) install(reason)
  checkRuntime()
  const todo = outdated(force)
  let failed = null
  const begun = new Map()
  const worker = async () => {
    for (let next = todo.shift(); next && !failed; next = todo.shift()) {
      const work = (begun.get(next.after) ?? Promise.resolve()).then(() => failed ?? generate(next))
      begun.set(
        next.name,
        work.catch(error => (failed ??= error)),
      )
      await begun.get(next.name)
    }
  }
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker))
  if (failed) throw failed
}

function outdated(all) {
  return generators.filter(generator => {
    if (!generator.from.every(file => existsSync(file))) return false
    return all || readStamp(generator.name) !== inputs(generator) || !generator.makes.every(file => existsSync(file))
  })
}

/** After `npm ci --omit=dev`, which is enough while nothing is left to generate. */
function toolMissing({ tool }) {
  return tool !== undefined && !existsSync(join('node_modules', tool))
}

async function generate(generator) {
  const { name, makes, run, before } = generator
  const why = force
    ? 'forced'
    : readStamp(name) === null
      ? 'not made yet'
      : makes.every(file => existsSync(file))
        ? 'its source changed'
        : 'missing'
  say(`making ${name} (${why})`)
  dropStamp(name)
  before?.()
  // Hashed first: a file saved during generation runs it again.
  const stamp = inputs(generator)
  const { code, output } = await start(runtime(), run())
  if (code !== 0) throw new Error(`making ${name} failed (exit ${code}):\n${output}`)
  writeStamp(name, stamp)
}

function start(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' },
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk))
    child.on('error', reject)
    child.on('close', code => resolve({ code, output }))
  })
}

function bin(name, command = name) {
  const folder = join('node_modules', name)
  const declared = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).bin
  return join(folder, typeof declared === 'string' ? declared : declared[command])
}

/** A different package version may generate different files. */
function inputs({ from, also = [] }) {
  return hash(['package-lock.json', ...from, ...also.flatMap(([folder, ending]) => filesIn(folder, ending))])
}

function filesIn(folder, ending) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .flatMap(entry => {
      const path = `${folder}/${entry.name}`
      if (entry.isDirectory()) return filesIn(path, ending)
      return entry.name.endsWith(ending) ? [path] : []
    })
    .sort()
}
