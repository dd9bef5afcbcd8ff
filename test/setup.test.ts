import { execFile, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

/** A project with the real set-up, one generator's inputs, and a program in the generator's place that counts its runs. */
let project: string
const at = (path: string) => join(project, path)
const put = (path: string, content: string) => {
  mkdirSync(dirname(at(path)), { recursive: true })
  writeFileSync(at(path), content)
}
const runs = () => (existsSync(at('runs')) ? readFileSync(at('runs'), 'utf8').length : 0)
const lockfile = (version: string) => ({
  name: 'p',
  lockfileVersion: 3,
  packages: { '': { name: 'p' }, 'node_modules/@graphql-codegen/cli': { version, integrity: 'sha512-x' } },
})

async function setup(force?: '--force' | { NODE_ENV: string }): Promise<{ code: number; lines: string[] }> {
  const { NODE_ENV: _, npm_execpath: __, ...env } = process.env
  const [args, more] = typeof force === 'string' ? [[force], {}] : [[], force]
  const child = promisify(execFile)(process.execPath, [at('scripts/setup.mjs'), ...args], { env: { ...env, ...more } })
  const { stdout, stderr, code } = await child.then(
    output => ({ ...output, code: 0 }),
    (error: { stdout: string; stderr: string; code: number }) => error,
  )
  return { code, lines: `${stdout}${stderr}`.split('\n').filter(line => line.startsWith('setup: ')) }
}

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'roster-setup-'))
  cpSync(fileURLToPath(new URL('../scripts', import.meta.url)), at('scripts'), { recursive: true })
  const packages = lockfile('1.0.0')
  put('package.json', JSON.stringify({ name: 'p', private: true }))
  put('package-lock.json', JSON.stringify(packages))
  put('node_modules/.package-lock.json', JSON.stringify(packages))
  put('node_modules/@graphql-codegen/cli/package.json', JSON.stringify({ bin: { 'graphql-codegen': 'cli.cjs' } }))
  const program = `const fs = require('fs'); fs.appendFileSync('runs', '.'); fs.mkdirSync('src/generated', { recursive: true })
    setTimeout(() => { if (fs.existsSync('break')) { console.error('line 3 is wrong'); process.exit(2) } for (const name of ['graphql', 'inputs', 'ui']) fs.writeFileSync('src/generated/' + name + '.ts', '') }, 300)`
  put('node_modules/@graphql-codegen/cli/cli.cjs', program)
  put('schema.graphql', 'type Query { a: Int }')
  put('codegen.ts', '')
  for (const name of ['enums', 'node.ids', 'references']) put(`src/api/graphql/${name}.ts`, '')
})
afterEach(() => rmSync(project, { recursive: true, force: true }))

describe('the set-up', () => {
  it('makes what is not made yet, and then does nothing', async () => {
    expect(await setup()).toEqual({ code: 0, lines: ['setup: making GraphQL types (not made yet)'] })
    expect(await setup()).toEqual({ code: 0, lines: [] })
    expect(runs()).toBe(1)
    expect(existsSync(at('dist/.setup.lock'))).toBe(false)
  })

  it('makes again what changed, went missing or is asked for', async () => {
    await setup()
    put('schema.graphql', 'type Query { b: Int }')
    expect((await setup()).lines).toEqual(['setup: making GraphQL types (its source changed)'])
    put('src/api/rest/users.graphql', 'query { b }')
    expect((await setup()).lines).toEqual(['setup: making GraphQL types (its source changed)'])
    rmSync(at('src/generated/graphql.ts'))
    expect((await setup()).lines).toEqual(['setup: making GraphQL types (missing)'])
    expect((await setup('--force')).lines).toEqual(['setup: making GraphQL types (forced)'])
    expect((await setup()).lines).toEqual([])
    expect(runs()).toBe(5)
  })

  it('shows why a generator failed, fails itself, and tries again', async () => {
    put('break', '')
    const { code, lines } = await setup()
    expect(code).toBe(1)
    expect(lines.at(-1)).toBe('setup: making GraphQL types failed (exit 2):')
    rmSync(at('break'))
    expect((await setup()).code).toBe(0)
    expect((await setup()).lines).toEqual([])
  })

  it('works once when two run at once', async () => {
    const both = await Promise.all([setup(), setup()])
    expect(both.map(({ code }) => code)).toEqual([0, 0])
    expect(runs()).toBe(1)
    expect(both.flatMap(({ lines }) => lines).filter(line => line.includes('making'))).toHaveLength(1)
  })

  it('does not wait for one that was killed', async () => {
    const killed = spawn(process.execPath, [at('scripts/setup.mjs')], { stdio: 'ignore' })
    while (!existsSync(at('runs'))) await new Promise(resolve => setTimeout(resolve, 10))
    killed.kill('SIGKILL')
    expect(await setup()).toEqual({ code: 0, lines: ['setup: making GraphQL types (not made yet)'] })
    expect(existsSync(at('dist/.setup.lock'))).toBe(false)
  })

  it('installs when what is installed is not what the lockfile says', async () => {
    rmSync(at('schema.graphql'))
    put('package.json', JSON.stringify({ name: 'p', private: true, dependencies: { local: 'file:local' } }))
    const local = (version: string) => {
      put('local/package.json', JSON.stringify({ name: 'local', version }))
      const packages = {
        '': { name: 'p', dependencies: { local: 'file:local' } },
        local: { version },
        'node_modules/local': { resolved: 'local', link: true },
      }
      put('package-lock.json', JSON.stringify({ name: 'p', lockfileVersion: 3, packages }))
    }
    local('1.0.0')
    expect(await setup()).toEqual({
      code: 0,
      lines: ['setup: installing packages (the last installation is missing or incomplete)'],
    })
    expect(await setup()).toEqual({ code: 0, lines: [] })
    expect(existsSync(at('node_modules/local/package.json'))).toBe(true)
    local('2.0.0')
    expect(await setup()).toEqual({ code: 0, lines: ['setup: installing packages (package-lock.json has changed)'] })
    expect(await setup()).toEqual({ code: 0, lines: [] })
  })

  it('installs the tools that generate code only when there is code to generate', async () => {
    await setup()
    rmSync(at('node_modules/@graphql-codegen'), { recursive: true })
    expect(await setup()).toEqual({ code: 0, lines: [] })
    put(
      'cli/package.json',
      JSON.stringify({ name: '@graphql-codegen/cli', version: '1.0.0', bin: { 'graphql-codegen': 'cli.cjs' } }),
    )
    put(
      'cli/cli.cjs',
      `for (const name of ['graphql', 'inputs', 'ui']) require('fs').writeFileSync('src/generated/' + name + '.ts', '')`,
    )
    const devDependencies = { '@graphql-codegen/cli': 'file:cli' }
    const link = { resolved: 'cli', link: true, dev: true }
    const packages = {
      '': { name: 'p', devDependencies },
      cli: { version: '1.0.0', dev: true },
      'node_modules/@graphql-codegen/cli': link,
    }
    put('package.json', JSON.stringify({ name: 'p', private: true, devDependencies }))
    put('package-lock.json', JSON.stringify({ name: 'p', lockfileVersion: 3, packages }))
    put('node_modules/.package-lock.json', JSON.stringify({ packages: {} }))
    rmSync(at('node_modules/.roster/installed'))
    expect(await setup({ NODE_ENV: 'production' })).toEqual({
      code: 0,
      lines: [
        'setup: installing packages (the tools that generate code are missing)',
        'setup: making GraphQL types (not made yet)',
      ],
    })
    expect(await setup({ NODE_ENV: 'production' })).toEqual({ code: 0, lines: [] })
  })

  it('says that npm failed, and does not go on', async () => {
    put('package-lock.json', JSON.stringify(lockfile('2.0.0')))
    put('package.json', '{ broken')
    const { code, lines } = await setup()
    expect(code).toBe(1)
    expect(lines).toEqual([
      'setup: installing packages (the last installation is missing or incomplete)',
      'setup: npm ci failed (exit 1); its output above says why',
    ])
    expect(runs()).toBe(0)
  })

  it('installs at the first start, and only then', async () => {
    rmSync(at('node_modules'), { recursive: true })
    rmSync(at('schema.graphql'))
    put('package-lock.json', JSON.stringify({ name: 'p', lockfileVersion: 3, packages: { '': { name: 'p' } } }))
    expect(await setup()).toEqual({ code: 0, lines: ['setup: installing packages (first start)'] })
    expect(await setup()).toEqual({ code: 0, lines: [] })
  })
})
