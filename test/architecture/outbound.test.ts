// Every connection to another system goes through src/outbound: no other file opens a socket or hands an address to what opens one.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'

const SRC = new URL('../../src/', import.meta.url).pathname
const files = readdirSync(SRC, { recursive: true, withFileTypes: true })
  .filter(entry => entry.isFile() && /\.tsx?$/.test(entry.name))
  .map(entry => relative(SRC, join(entry.parentPath, entry.name)))
  .filter(path => !path.startsWith('generated/') && !path.startsWith('platform/outbound/'))
  .map(path => ({ path, text: readFileSync(join(SRC, path), 'utf8') }))

/** Names that these modules export and that open no connection. */
const HARMLESS: Record<string, RegExp> = {
  net: /^(isIP|isIPv4|isIPv6|BlockList|SocketAddress|createServer|Server|Socket)$/,
  tls: /^createSecureContext$/,
  http: /^(STATUS_CODES|IncomingMessage|ServerResponse|createServer)$/,
  https: /^createServer$/,
  http2: /^constants$/,
  dns: /^$/,
  'dns/promises': /^$/,
  dgram: /^$/,
  undici: /^$/,
  ws: /^$/,
}
/** Where something else connects, and why that is no address from a configuration or a provider. */
const ELSEWHERE: Record<string, RegExp> = {
  // The database of DATABASE_URL, by its driver.
  'the store': /^platform\/database\//,
  // Commands are clients of the Roster that their operator names; the playground runs in a browser.
  'clients of Roster': /^(cli|ui)\//,
  // It makes unconnected sockets for its own server, and connects none.
  'the server': /^platform\/http\//,
}
const isElsewhere = (path: string) => Object.values(ELSEWHERE).some(place => place.test(path))

/** The names that a file takes from a module as values. */
function valuesFrom(text: string, module: string): string[] {
  const pattern = new RegExp(`^import\\s+(type\\s)?([^'";]*?)\\s*from\\s+'(?:node:)?${module.replace('/', '\\/')}'`, 'gm')
  return [...text.matchAll(pattern)].flatMap(([, typeOnly, what = '']) => {
    if (typeOnly !== undefined) return []
    const names = /^\{([^}]*)\}$/.exec(what.trim())?.[1]
    if (names === undefined) return [what.trim()]
    return names
      .split(',')
      .map(name => name.trim())
      .filter(name => name !== '' && !name.startsWith('type '))
      .map(name => name.split(/\s+as\s+/)[0]!)
  })
}

test('only src/platform/outbound imports what opens connections', () => {
  const found = files.flatMap(({ path, text }) =>
    Object.entries(HARMLESS).flatMap(([module, harmless]) =>
      valuesFrom(text, module)
        .filter(name => !harmless.test(name) && !isElsewhere(path))
        .map(name => `${path} takes ${name} of ${module}`),
    ),
  )
  expect(found).toEqual([])
})

test('nobody loads such a module at run time, calls the global fetch, or makes a socket', () => {
  const found = files
    .filter(({ path }) => !isElsewhere(path))
    .filter(({ text }) =>
      /(?<![.\w])fetch\(|globalThis\.fetch|new (?:Socket|TLSSocket|WebSocket|EventSource|XMLHttpRequest)\(|(?:import|require|getBuiltinModule)\(\s*['"`](?:node:)?(?:net|tls|https?|http2|dns|dgram|undici)/.test(
        text,
      ),
    )
    .map(({ path }) => path)
  expect(found).toEqual([])
})

test('the clients of other systems are given a connection', () => {
  const textOf = (path: string) => files.find(file => file.path === path)!.text
  const having = (pattern: RegExp) => files.filter(({ text }) => pattern.test(text)).map(({ path }) => path)
  expect(having(/new Client\(/)).toEqual(['connectors/ldap.connection.ts'])
  expect(textOf('connectors/ldap.connection.ts')).toMatch(/createConnection: \(\) => /)
  expect(having(/createTransport\(/)).toEqual(['platform/mail/mailer.ts'])
  expect(textOf('platform/mail/mailer.ts')).toMatch(/getSocket: /)
  expect(having(/new oc\.Configuration\(/)).toEqual(['connectors/oidc.provider.ts'])
  expect(textOf('connectors/oidc.provider.ts')).toMatch(/provider\[oc\.customFetch\] = fetchBy\(/)
  // Of the library's calls that fetch, none is made without that configuration.
  expect(having(/oc\.discovery\(|createRemoteJWKSet/)).toEqual([])
})
