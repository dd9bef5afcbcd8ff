import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type LoginDeps, registerLogin } from '../../../src/api/web/router.ts'
import { Conflict, Invalid, NotFound, TooManyRequests, Unprocessable } from '../../../src/platform/errors.ts'
import { type Served, serve } from '../../platform/http/harness.ts'

// The pages and what they make of a service's answers, over real HTTP. The service itself is tried in invitation.test.ts.

const good = 'ri_good'
const invited = { userid: 'ana"><script>alert(1)</script>', name: `Ana <img src=x onerror=alert(1)> & 'Co'` }
const deps: LoginDeps & { minLength: number; refusal: Error | null; accepted: unknown[] } = {
  publicUrl: 'https://roster.example/people',
  minLength: 1,
  refusal: null,
  accepted: [],
  signedIn: async () => null,
  entrances: async () => [{ id: 'bim', displayName: 'Here', byPassword: true }],
  sessionLife: 60,
  logIn: async () => ({ token: 'rt_x' }),
  readInvitation: async (_, token) => (token === good ? invited : null),
  async acceptInvitation(_, input) {
    if (deps.refusal) throw deps.refusal
    deps.accepted.push(input)
    return invited
  },
}

let served: Served
beforeAll(async () => {
  served = await serve(http => registerLogin(http, deps))
})
afterAll(() => served.http.close())
beforeEach(() => {
  Object.assign(deps, { minLength: 1, refusal: null, accepted: [] })
})

const get = (query: string) => fetch(`${served.url}/login${query}`, { redirect: 'manual' })
const post = (fields: Record<string, string> | [string, string][], headers: Record<string, string> = {}) =>
  fetch(`${served.url}/login`, { method: 'POST', body: new URLSearchParams(fields), headers, redirect: 'manual' })
const form = (password: string, confirmation = password) => ({ token: good, password, confirmation })

/** The page, after what holds for every page. */
async function pageOf(response: Response, status: number, referrer = 'no-referrer'): Promise<string> {
  const whole = await response.text()
  // The icon is all that a page fetches.
  const icon = `<link rel="icon" href="/people/favicon.ico">\n`
  expect(whole).toContain(icon)
  const text = whole.replace(icon, '')
  expect(response.status).toBe(status)
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(response.headers.get('content-security-policy')).toMatch(
    /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; form-action 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'$/,
  )
  expect(response.headers.get('referrer-policy')).toBe(referrer)
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(response.headers.get('x-frame-options')).toBe('DENY')
  for (const name of ['location', 'refresh', 'set-cookie']) expect(response.headers.get(name)).toBeNull()
  expect(text).toMatch(/^<!doctype html>\n<html lang="en">/)
  // No script, no handler, no style attribute, nothing from elsewhere: what the policy would block is not there either.
  expect(text).not.toMatch(/<script|<img|<iframe|<link|<base|<meta http-equiv|<[^>]*\s(style|on[a-z]+)=/i)
  for (const [, target] of text.matchAll(/(?:href|src|action)="([^"]*)"/g))
    expect(['/people/graphiql', '/people/login', '?']).toContain(target)
  return whole
}

describe('without a token', () => {
  test('a page says what this is, where to go and how to get a token', async () => {
    const page = await pageOf(await get(''), 200, 'same-origin')
    expect(page).toContain('<h1>Sign in</h1>')
    expect(page).toContain('Roster at roster.example')
    expect(page).toContain('<a href="/people/graphiql">')
    expect(page).toContain('curl -X POST https://roster.example/people/bim/iam/bim/user/authenticate')
  })

  const evil = 'https://evil.example/'
  const names = [
    'next',
    'redirect',
    'redirect_uri',
    'redirectUrl',
    'url',
    'return',
    'returnTo',
    'return_to',
    'continue',
    'goto',
    'RelayState',
    'target',
    'iss',
    'target_link_uri',
  ]
  const targets = [evil, '//evil.example', '/\\evil.example', 'javascript:alert(1)', '%0d%0alocation:%20https://evil.example']
  test.each(names.flatMap(name => targets.map(target => [name, target])))('?%s=%s leads nowhere', async (name, target) => {
    const page = await pageOf(await get(`?${name}=${target}`), 200, 'same-origin')
    expect(page).toBe(await (await get('')).text())
  })

  test.each(['/', '//evil.example', '/https:/evil.example'])('nor does the path /login%s', async path => {
    const response = await fetch(`${served.url}/login${path}`, { redirect: 'manual' })
    expect([200, 404]).toContain(response.status)
    expect(response.headers.get('location')).toBeNull()
  })

  test('the Host header is not believed', async () => {
    const response = await fetch(`${served.url}/login`, {
      headers: { 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' },
    })
    expect(await pageOf(response, 200, 'same-origin')).not.toContain('evil')
  })

  test('HEAD has no body', async () => {
    const response = await fetch(`${served.url}/login?token=${good}`, { method: 'HEAD' })
    expect({ status: response.status, body: await response.text() }).toEqual({ status: 200, body: '' })
  })
})

describe('with a token', () => {
  test('the form names the person of the store, whatever the query says', async () => {
    const page = await pageOf(await get(`?token=${good}&userid=mallory&name=Mallory`), 200)
    expect(page).not.toMatch(/mallory/i)
    expect(page).toContain('Welcome, Ana &lt;img src=x onerror=alert(1)&gt; &amp; &#39;Co&#39;.')
    expect(page).toContain('value="ana&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"')
    expect(page).toContain('<form method="post" action="?">')
    expect(page).toContain(`<input type="hidden" name="token" value="${good}">`)
    for (const name of ['password', 'confirmation']) {
      expect(page).toMatch(new RegExp(`<label for="${name}">`))
      expect(page).toMatch(
        new RegExp(`<input id="${name}" name="${name}" type="password" autocomplete="new-password" minlength="1" `),
      )
    }
    expect(page).not.toContain('role="alert"')
    expect(page).not.toContain('At least')
  })

  test('the form states the policy', async () => {
    deps.minLength = 12
    const page = await pageOf(await get(`?token=${good}`), 200)
    expect(page.match(/minlength="12"/g)).toHaveLength(2)
    expect(page).toContain('At least 12 characters')
  })

  const attacks = [
    'ri_used',
    '',
    '"><script>alert(1)</script>',
    "' onfocus=alert(1) autofocus '",
    '</style><img src=x>',
    '\0',
    '\uFFFD',
    'x'.repeat(5000),
    `${good} `,
    'constructor',
  ]
  test.each(attacks)('%j: the link does not work, and the page repeats nothing', async token => {
    const query = new URLSearchParams({ token, userid: '<b>mallory</b>', name: '<i>Mallory</i>' })
    const page = await pageOf(await get(`?${query}`), 404)
    expect(page).toBe(await (await get('?token=ri_unknown')).text())
    expect(page).not.toMatch(/mallory/i)
  })

  test.each([`?token=${good}&token=${good}`, `?token=${good}%`, '?token=%ff%00', '?token=%c0%ae'])(
    'so with the broken query %s',
    async query => {
      expect(await pageOf(await get(query), 404)).toBe(await (await get('?token=ri_unknown')).text())
    },
  )

  test('a name that was cut in the mail does not break the link', async () => {
    expect(await pageOf(await get(`?token=${good}&name=Ana%2`), 200)).toContain('Choose your password')
  })
})

describe('the form', () => {
  test('sets the password and says so', async () => {
    const page = await pageOf(await post(form(' pässwörd & <b> ')), 200)
    expect(deps.accepted).toEqual([{ token: good, password: ' pässwörd & <b> ' }])
    expect(page).toContain('<h1>Your password is set</h1>')
    expect(page).toContain('<strong>ana&quot;&gt;&lt;script&gt;')
    expect(page).toContain('href="/people/login"')
    expect(page).not.toContain('pässwörd')
  })

  test.each([
    ['nothing', form(''), 'Please choose a password.'],
    ['two passwords', form('one', 'other'), 'The two passwords are not the same.'],
    ['no confirmation', { token: good, password: 'one' }, 'The two passwords are not the same.'],
    [
      'a password twice',
      [
        ['token', good],
        ['password', 'a'],
        ['password', 'b'],
        ['confirmation', 'a'],
      ] as [string, string][],
      'Please choose a password.',
    ],
  ])('comes back for %s', async (_, fields, message) => {
    const page = await pageOf(await post(fields), 400)
    expect(page).toContain(`<p class="error" id="fault" role="alert">${message}</p>`)
    expect(page.match(/ aria-describedby="fault rule" aria-invalid="true"/g)).toHaveLength(2)
    expect(page).toContain(`value="${good}"`)
    expect(page).not.toMatch(/value="(one|other|a)"/)
    expect(deps.accepted).toEqual([])
  })

  test('comes back with the rule that the password breaks', async () => {
    deps.refusal = new Invalid('password', 'must be 12 to 1024 characters')
    expect(await pageOf(await post(form('short')), 400)).toContain(
      'role="alert">Your password must be 12 to 1024 characters.</p>',
    )
  })

  test('comes back when there is no time now, and says when', async () => {
    deps.refusal = new TooManyRequests('Too many log-ins', { retryAfter: 30 })
    const response = await post(form('long enough'))
    expect(response.headers.get('retry-after')).toBe('30')
    expect(await pageOf(response, 429)).toContain('Your password was not set: please try again in a moment.')
  })

  test.each([new NotFound('x'), new Conflict('x'), new Unprocessable('x'), new Invalid('token', 'must be one')])(
    'a link used meanwhile is the page of a dead link: %s',
    async refusal => {
      deps.refusal = refusal
      expect(await pageOf(await post(form('long enough')), 404)).toBe(await (await get('?token=ri_unknown')).text())
    },
  )

  test.each([{}, { token: 'ri_unknown', password: 'a', confirmation: 'b' }, { token: '', password: '', confirmation: '' }])(
    'without a good token nothing else matters: %j',
    async fields => {
      expect(await pageOf(await post(fields as Record<string, string>), 404)).toBe(
        await pageOf(await get('?token=ri_unknown'), 404),
      )
    },
  )

  test('is taken from this site only', async () => {
    for (const site of ['cross-site', 'same-site']) {
      expect(await pageOf(await post(form('long enough'), { 'sec-fetch-site': site }), 403)).toContain('Nothing was changed.')
    }
    expect(deps.accepted).toEqual([])
    // A browser under no-referrer sends its own form with `Origin: null`.
    await pageOf(await post(form('long enough'), { 'sec-fetch-site': 'same-origin', origin: 'null' }), 200)
    expect(deps.accepted).toHaveLength(1)
  })

  test.each([
    ['text/plain', 'token=ri_good', 415],
    ['application/json', '{"token":', 400],
    ['application/json', '{"__proto__": {"token": "ri_good"}}', 400],
    ['application/x-www-form-urlencoded', `token=${good}&password=%ff`, 400],
    ['application/x-www-form-urlencoded', `token=${good}&password=%00&confirmation=%00`, 400],
    ['application/x-www-form-urlencoded', `token=${good}&password=${'x'.repeat(40_000)}`, 413],
  ])('%s %.40s is %s %s in JSON, like everywhere', async (type, body, status) => {
    const response = await fetch(`${served.url}/login`, { method: 'POST', body, headers: { 'content-type': type } })
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ statusCode: status })
    expect(deps.accepted).toEqual([])
  })

  test.each([null, [], 1, 'text', { token: [good], password: {}, confirmation: true }])(
    'the JSON %j is a form without a token',
    async value => {
      const body = JSON.stringify(value)
      const response = await fetch(`${served.url}/login`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      })
      await pageOf(response, 404)
    },
  )

  test('an unexpected error is a 500 that does not describe it', async () => {
    deps.refusal = new Error('geheim')
    const response = await post(form('long enough'))
    expect(response.status).toBe(500)
    expect(await response.text()).not.toMatch(/geheim|long enough| at /)
  })

  test('neither token nor password is logged', () => {
    expect(served.lines.length).toBeGreaterThan(20)
    expect(JSON.stringify(served.lines)).not.toMatch(new RegExp(`${good}|long enough|pässwörd`))
  })
})
