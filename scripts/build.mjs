// Builds dist/app: Roster as JavaScript, with the files that it reads, a package.json of what it imports, and an SBOM.
// --install also installs those packages there, as the container image has them (docs/operations/container.md).
// --pack also makes a package of it for npm, with Node: dist/NAME-VERSION.tgz.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const APP = 'dist/app'
/** Read at run time, by these paths. */
const READ = [
  'schema.graphql',
  'prisma/migrations',
  'dist/ui',
  'dist/store',
  'src/api/web/design.css',
  'src/api/web/favicon.ico',
  'bin/roster',
  'LICENSE',
]
const PACKAGE = 'dist/package'
const IMPORT = /^(?:import|export) [^;'"]*?\bfrom ['"]([^'"]+)['"]|^import ['"]([^'"]+)['"]|\bimport\(['"]([^'"]+)['"]\)/gm

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
try {
  compile()
  for (const path of READ) copy(path)
  const app = manifest()
  describe(APP, app)
  if (process.argv.includes('--pack')) pack(app)
  if (process.argv.includes('--install')) npm(APP, ['ci', '--omit=dev', '--ignore-scripts'])
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
  const { name, version, description, license, type, ...rest } = JSON.parse(readFileSync('package.json', 'utf8'))
  const { dependencies, peerDependencies, peerDependenciesMeta } = rest
  const names = [...imported()].filter(name => peerDependencies[name] === undefined).sort()
  const versions = names.map(name => {
    if (dependencies[name] === undefined) throw new Error(`${name} is imported, and not in dependencies of package.json`)
    return [name, dependencies[name]]
  })
  return {
    name,
    version,
    description,
    license,
    type,
    engines: { node: '>=24' },
    bin: { roster: 'bin/roster' },
    scripts: { start: 'node src/main.js' },
    dependencies: Object.fromEntries(versions),
    peerDependencies,
    peerDependenciesMeta,
  }
}

/** Names of the packages that the compiled files import. */
function imported() {
  const files = readdirSync(join(APP, 'src'), { recursive: true }).filter(path => path.endsWith('.js'))
  const from = files.flatMap(path => [...readFileSync(join(APP, 'src', path), 'utf8').matchAll(IMPORT)])
  const names = from.map(([, from, alone, late]) => from ?? alone ?? late).filter(name => !/^(\.|node:)/.test(name))
  return new Set(names.map(name => name.split('/', name.startsWith('@') ? 2 : 1).join('/')))
}

/** Writes package.json, the lock file of the repository without what this does not import, and the SBOM. */
function describe(folder, content) {
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(content, null, 2)}\n`)
  cpSync('package-lock.json', join(folder, 'package-lock.json'))
  cpSync('.npmrc', join(folder, '.npmrc'))
  npm(folder, ['install', '--package-lock-only', '--ignore-scripts', '--prefer-offline'])
  writeFileSync(join(folder, 'sbom.cdx.json'), npm(folder, ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only']))
}

/** A published package keeps its lock file by this name alone. Node comes along: npm may run on an older one. */
function pack(app) {
  rmSync(PACKAGE, { recursive: true, force: true })
  cpSync(APP, PACKAGE, { recursive: true })
  const { optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
  const runtimes = Object.entries(optionalDependencies).filter(([name]) => name.startsWith('node-'))
  describe(PACKAGE, { ...app, engines: undefined, optionalDependencies: Object.fromEntries(runtimes) })
  renameSync(join(PACKAGE, 'package-lock.json'), join(PACKAGE, 'npm-shrinkwrap.json'))
  const [{ filename }] = JSON.parse(npm(PACKAGE, ['pack', '--json', '--pack-destination', '..']))
  console.log(`build: dist/${filename} is ready`)
}

function npm(folder, args) {
  const cli = process.env.npm_execpath
  const [command, first] = cli?.endsWith('.js') ? [process.execPath, [cli]] : ['npm', []]
  const { status, stdout, stderr } = spawnSync(command, [...first, ...args], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  })
  if (status !== 0) throw new Error(`npm ${args[0]} failed: ${stderr}`)
  return stdout
}
