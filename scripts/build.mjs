// Builds dist/app: Roster as JavaScript, with the files that it reads, a package.json of what it imports, and an SBOM.
// --install also installs those packages there, as the container image has them (docs/operations/container.md).
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const APP = 'dist/app'
/** Read at run time, by these paths. */
const READ = ['schema.graphql', 'prisma/migrations', 'dist/ui', 'src/api/web/design.css', 'src/api/web/favicon.ico', 'LICENSE']
const IMPORT = /^(?:import|export) [^;'"]*?\bfrom ['"]([^'"]+)['"]|^import ['"]([^'"]+)['"]|\bimport\(['"]([^'"]+)['"]\)/gm
const TEMPLATES = 'node_modules/.roster'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
try {
  compile()
  for (const path of READ) copy(path)
  writeFileSync(join(APP, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`)
  lock()
  writeFileSync(join(APP, 'sbom.cdx.json'), npm(['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only']))
  if (process.argv.includes('--install')) npm(['ci', '--omit=dev', '--ignore-scripts'])
  // Among the packages, which npm ci removes first.
  for (const name of readdirSync(TEMPLATES).filter(name => /^store-.*\.tar$/.test(name))) copy(`${TEMPLATES}/${name}`)
  console.log(`build: ${APP} is ready`)
} catch (error) {
  console.error(`build: ${error.message}`)
  process.exitCode = 1
}

function compile() {
  rmSync(APP, { recursive: true, force: true })
  const tsc = 'node_modules/typescript/bin/tsc'
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`tsc failed:\n${stdout}`)
}

function copy(from) {
  if (!existsSync(from)) throw new Error(`${from} is missing: run npm run setup`)
  mkdirSync(dirname(join(APP, from)), { recursive: true })
  cpSync(from, join(APP, from), { recursive: true })
}

function manifest() {
  const { name, version, description, license, type, dependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
  const versions = [...imported()].sort().map(name => {
    if (dependencies[name] === undefined) throw new Error(`${name} is imported, and not in dependencies of package.json`)
    return [name, dependencies[name]]
  })
  return {
    name,
    version,
    description,
    license,
    type,
    private: true,
    engines: { node: '>=24' },
    bin: { roster: 'src/cli/main.js' },
    scripts: { start: 'node src/main.js' },
    dependencies: Object.fromEntries(versions),
  }
}

/** Names of the packages that the compiled files import. */
function imported() {
  const files = readdirSync(join(APP, 'src'), { recursive: true }).filter(path => path.endsWith('.js'))
  const from = files.flatMap(path => [...readFileSync(join(APP, 'src', path), 'utf8').matchAll(IMPORT)])
  const names = from.map(([, from, alone, late]) => from ?? alone ?? late).filter(name => !/^(\.|node:)/.test(name))
  return new Set(names.map(name => name.split('/', name.startsWith('@') ? 2 : 1).join('/')))
}

/** The lock file of the whole, without what the application does not import. */
function lock() {
  cpSync('package-lock.json', join(APP, 'package-lock.json'))
  cpSync('.npmrc', join(APP, '.npmrc'))
  npm(['install', '--package-lock-only', '--ignore-scripts', '--prefer-offline'])
}

function npm(args) {
  const cli = process.env.npm_execpath
  const [command, first] = cli?.endsWith('.js') ? [process.execPath, [cli]] : ['npm', []]
  const { status, stdout, stderr } = spawnSync(command, [...first, ...args], { cwd: APP, encoding: 'utf8', maxBuffer: 2 ** 26 })
  if (status !== 0) throw new Error(`npm ${args[0]} failed: ${stderr}`)
  return stdout
}
