// `npm run demo:sources` as a new user runs it: started for real, tried by what it prints, and stopped.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findSlapd } from '../../scripts/demo/slapd.ts'
import { Browser } from '../authentication/oidc/browser.ts'

const root = new URL('../../', import.meta.url).pathname
/** Where it keeps its files, so that what it leaves can be seen. */
const folder = mkdtempSync(join(tmpdir(), 'roster-demo-test-'))
let demo: ChildProcess
let printed = ''

/** Without the step that generates: the tests have done it. */
function startDemo(env: Record<string, string>): { child: ChildProcess; ready: Promise<void> } {
  const child = spawn('npm', ['run', '--silent', '--ignore-scripts', 'demo:sources'], {
    cwd: root,
    env: { ...process.env, PORT: '0', TMPDIR: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const ready = new Promise<void>((resolve, reject) => {
    const take = (chunk: Buffer) => {
      printed += chunk.toString()
      if (printed.includes('Who came')) resolve()
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.once('close', () => reject(new Error(`The demo ended: ${printed}`)))
  })
  return { child, ready }
}

beforeAll(async () => {
  const { child, ready } = startDemo({})
  demo = child
  await ready
}, 60_000)
afterAll(() => {
  if (demo.exitCode === null && demo.signalCode === null) process.kill(-demo.pid!, 'SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

const found = (pattern: RegExp): string => {
  const value = pattern.exec(printed)?.[1]
  if (value === undefined) throw new Error(`${pattern} is not in: ${printed}`)
  return value
}
const url = () => found(/ready at (http:\S+),/)
/** A line that is printed to be pasted, pasted. */
const paste = (pattern: RegExp): string => {
  const token = /TOKEN=\$\(.*?\n.*?\n/.exec(printed)![0]
  return execFileSync('bash', ['-c', `${token}\n${found(pattern)}`], { encoding: 'utf8' })
}
const people = async (): Promise<Record<string, { name: string; groups: string[] }>> => {
  const { data } = JSON.parse(paste(/Who came.*\n\n([\s\S]*\}')/))
  return Object.fromEntries(
    data.users.nodes.map((user: any) => [
      `${user.iamid}/${user.userid}`,
      { name: user.profile.name, groups: user.groups.nodes.map((group: any) => group.name) },
    ]),
  )
}

/** Through the provider's own log-in page, as a person would. */
async function logIn(iamid: string, userid: string, password: string) {
  const browser = new Browser()
  const page = await browser.visit(`${url()}/login/${iamid}?returnTo=/login`)
  expect(page.body).toContain('<h1>Demo provider</h1>')
  return browser.visit(page.url, { method: 'POST', body: new URLSearchParams({ userid, password }) })
}

describe('what is printed works', () => {
  test.skipIf(findSlapd() === null)('a log-in by LDAP, from its line', async () => {
    expect(JSON.parse(paste(/(curl .*harbour\/user\/authenticate.*)/))).toMatchObject({ authenticated: true })
    expect((await people())['harbour/emma']).toEqual({ name: 'Emma Lindqvist', groups: ['Harbour', 'Night shift'] })
  })

  test.skipIf(findSlapd() !== null)('without slapd it says so', () => {
    expect(printed).toContain('left out: no slapd is installed here')
  })

  test('a log-in with the provider', async () => {
    const page = await logIn('corp', 'ines', 'demo-ines')
    expect([page.status, page.url]).toEqual([200, `${url()}/login`])
    expect(page.body).toContain('<strong>Inês Duarte</strong>')
    expect((await people())['corp/ines']).toEqual({ name: 'Inês Duarte', groups: ['Finance'] })
  })

  test('a sign-out goes on to the provider, which asks, and comes back', async () => {
    const browser = new Browser()
    const form = await browser.visit(`${url()}/login/corp`)
    await browser.visit(form.url, { method: 'POST', body: new URLSearchParams({ userid: 'emma', password: 'demo-emma' }) })
    const asked = await browser.visit(`${url()}/login/corp/logout`, {
      method: 'POST',
      headers: { 'sec-fetch-site': 'same-origin' },
    })
    expect(asked.body).toContain('Sign out here, too?')
    expect(asked.body).not.toMatch(/https?:\/\/(?!127\.0\.0\.1)/)
    const [, action, xsrf] = /action="([^"]+)".*name="xsrf" value="([^"]+)"/s.exec(asked.body)!
    const back = await browser.visit(action!, { method: 'POST', body: new URLSearchParams({ xsrf: xsrf!, logout: 'yes' }) })
    expect(back.url.split('?')[0]).toBe(`${url()}/login`)
    expect((await browser.visit(`${url()}/login/corp`)).body).toContain('Log in</button>')
  })

  test('another password is not taken there', async () => {
    const page = await logIn('corp', 'ines', 'demo-emma')
    expect(page.status).toBe(401)
    expect(page.body).toContain('No such name and password')
    expect(page.body).not.toContain('demo-emma')
  })

  test('groups that the user info endpoint gives', async () => {
    expect((await logIn('partners', 'lina', 'demo-lina')).url).toBe(`${url()}/login`)
    expect((await people())['partners/lina']).toEqual({ name: 'Lina Kowalska', groups: ['Audit', 'Pier 4'] })
  })

  test('a user over SCIM, from its lines', async () => {
    expect(JSON.parse(paste(/(curl .*\/scim\/v2\/hr\/Users[\s\S]*?\}')/))).toMatchObject({ userName: 'nora', active: true })
    expect((await people())['hr/nora']).toMatchObject({ name: 'Nora Berg' })
  })

  test.skipIf(findSlapd() === null)('a sync, dry and for real, from its lines', async () => {
    const wanted = ['ines', 'joao', 'karim', 'lina', 'otto']
    const imported = (text: string) => JSON.parse(text).importedUsers.map((user: any) => user.userId)
    expect(imported(paste(/(curl .*\/iam\/harbour\/sync .*true\}')/)).toSorted()).toEqual(wanted)
    expect(Object.keys(await people()).filter(name => name.startsWith('harbour/'))).toEqual(['harbour/emma'])
    expect(imported(paste(/(curl .*\/iam\/harbour\/sync .*false\}')/)).toSorted()).toEqual(wanted)
    expect((await people())['harbour/karim']).toEqual({ name: 'Karim Haddad', groups: ['Finance', 'Night shift'] })
  })
})

test('a signal stops all of it, and nothing is left', async () => {
  expect(readdirSync(folder).filter(name => name.startsWith('roster-demo-'))).toHaveLength(1)
  const closed = once(demo, 'close')
  process.kill(-demo.pid!, 'SIGINT')
  await closed
  await gone()
})

test('a signal before it is ready does, too', async () => {
  printed = ''
  const { child, ready } = startDemo({})
  ready.catch(() => {})
  const closed = once(child, 'close')
  while (!readdirSync(folder).some(name => name.startsWith('roster-demo-'))) await new Promise(resolve => setTimeout(resolve, 10))
  process.kill(-child.pid!, 'SIGTERM')
  await closed
  await gone()
  expect(printed).not.toContain('Who came')
}, 60_000)

/** No files, and no process of the group: slapd's in particular. */
async function gone() {
  expect(readdirSync(folder).filter(name => name.startsWith('roster-demo-'))).toEqual([])
  const running = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
  expect(running.split('\n').filter(line => line.includes(folder))).toEqual([])
}
