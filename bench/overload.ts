/**
 * `npm run bench:overload`: five times what Roster can answer, for a minute, at a steady rate and from eight users. Says how much is
 * answered all the same, how soon the surplus is refused, and how long the event loop waits.
 */
import { Agent, request } from 'node:http'
import { createDatabase, fill, USUAL } from './lib/database.ts'
import { peakResident, quantile } from './lib/measure.ts'
import { eventLoopDelay, stop } from './lib/processes.ts'
import { met, report, table } from './lib/report.ts'
import { graphql, logIn, startRoster } from './lib/roster.ts'
import { count, pause, run, step } from './lib/run.ts'

const SECONDS = count('SECONDS', 60)
const CALM_SECONDS = 15
const TIMES = 5
const CALLERS = 8
const AT_ONCE = 64
const EVERY_MS = 10
const PATIENCE_MS = 30_000
const ERRORS = '{"errors"'
const PARTS = ['anna m', 'novak 1', 'boris', 'keller 9', 'zora', 'hoffman 77', 'tanaka 4', 'irene s', 'diego h', 'quinn 0']
const QUERY = `query Many($name: String!) { users(first: 25, filter: { name: $name }) { nodes { databaseId userid profile { email } groups(first: 1000) { nodes { databaseId name } } attributes { key values } } } }`

interface Answered {
  readonly status: number
  readonly ms: number
  readonly hasRetryAfter: boolean
}

await run(async () => {
  const database = await createDatabase()
  await stop((await startRoster({ DATABASE_URL: database.url })).child)
  step('Filling')
  await fill(database.client, { ...USUAL, auditEvents: 0 })
  const roster = await startRoster({ DATABASE_URL: database.url })
  const tokens = await callers(roster.url)
  const ask = asker(roster.url, tokens)
  const calm = await closed(ask)
  const ceiling = calm.filter(({ status }) => status === 200).length / CALM_SECONDS
  step(`${ceiling.toFixed(0)} a second, ${AT_ONCE} at once`)
  await eventLoopDelay(roster.child)
  const { answered, sent } = await open(ask, ceiling * TIMES)
  const delay = await eventLoopDelay(roster.child)
  await pause(1000)
  const after = (await closed(ask)).filter(({ status }) => status === 200).length / CALM_SECONDS
  report(
    'npm run bench:overload',
    [`PostgreSQL ${database.version}`],
    [summary({ ceiling, sent, answered, after, delay, peak: peakResident(roster.pid) })],
  )
})

interface Summary {
  readonly ceiling: number
  readonly sent: number
  readonly answered: readonly Answered[]
  readonly after: number
  readonly delay: { readonly p99: number; readonly longest: number }
  readonly peak: number
}
function summary({ ceiling, sent, answered, after, delay, peak }: Summary): string {
  const good = answered.filter(({ status }) => status === 200)
  const refused = answered.filter(({ status }) => status === 429 || status === 503)
  const others = answered.length - good.length - refused.length
  const part = (100 * good.length) / SECONDS / ceiling
  const [slowest, late] = [
    quantile(
      refused.map(({ ms }) => ms),
      0.99,
    ),
    quantile(
      good.map(({ ms }) => ms),
      0.99,
    ),
  ]
  const polite = refused.filter(({ hasRetryAfter }) => hasRetryAfter).length
  return table(
    ['overload', '', 'goal', 'met'],
    [
      [`answered a second, ${AT_ONCE} at once: the ceiling`, ceiling, '', ''],
      [`sent a second for ${SECONDS} s`, sent / SECONDS, '', ''],
      ['answered with 200, a second', good.length / SECONDS, '', ''],
      ['of the ceiling, %', part, '≥ 80', met(part >= 80)],
      ['p99 ms of those', late, '', ''],
      ['refused with 429 or 503, a second', refused.length / SECONDS, '', ''],
      ['p99 ms of a refusal', slowest, '≤ 100', met(slowest <= 100)],
      ['refusals without Retry-After', refused.length - polite, '0', met(polite === refused.length)],
      ['other answers, and none', others, '0', met(others === 0)],
      ['p99 ms of the event-loop delay', delay.p99, '< 50', met(delay.p99 < 50)],
      ['longest ms of it', delay.longest, '', ''],
      ['peak resident MB', peak, '', ''],
      ['answered a second afterwards', after, '', ''],
    ],
  )
}

async function callers(url: string): Promise<string[]> {
  const admin = { url, token: await logIn(url) }
  const create = 'mutation($input: CreateUserInput!) { createUser(input: $input) { user { databaseId } } }'
  const tokens: string[] = []
  for (let n = 0; n < CALLERS; n++) {
    const credentials = { username: `caller${n}`, password: 'a password of the bench' }
    await graphql(admin, create, {
      input: { userid: credentials.username, password: credentials.password, permissions: ['USER_ADMIN'] },
    })
    tokens.push(await logIn(url, credentials))
  }
  return tokens
}

type Ask = (n: number) => Promise<Answered>
/** By node:http with kept connections: it costs the least CPU beside the server. */
function asker(url: string, tokens: readonly string[]): Ask {
  const agent = new Agent({ keepAlive: true })
  const bodies = PARTS.map(name => JSON.stringify({ query: QUERY, variables: { name } }))
  return n =>
    new Promise(resolve => {
      const began = performance.now()
      const body = bodies[n % bodies.length]!
      const end = (status: number, hasRetryAfter = false) => resolve({ status, ms: performance.now() - began, hasRetryAfter })
      const sent = request(
        `${url}/graphql`,
        {
          method: 'POST',
          agent,
          timeout: PATIENCE_MS,
          headers: {
            authorization: `Bearer ${tokens[n % tokens.length]}`,
            'content-type': 'application/json',
            accept: 'application/graphql-response+json',
            'content-length': Buffer.byteLength(body),
          },
        },
        response => {
          let start = ''
          response
            .on('data', part => {
              if (start.length < ERRORS.length) start += part.toString('latin1', 0, ERRORS.length)
            })
            // A 200 may have errors of fields.
            .on('end', () =>
              end(
                response.statusCode === 200 && start.startsWith(ERRORS) ? 0 : response.statusCode!,
                'retry-after' in response.headers,
              ),
            )
        },
      )
      sent
        .on('timeout', () => sent.destroy())
        .on('error', () => end(0))
        .end(body)
    })
}

/** Each asks again when it is answered. */
async function closed(ask: Ask): Promise<Answered[]> {
  const answered: Answered[] = []
  const end = performance.now() + CALM_SECONDS * 1000
  let next = 0
  const one = async () => {
    while (performance.now() < end) answered.push(await ask(next++))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, one))
  return answered
}

/** At a steady rate, whatever is answered. */
async function open(ask: Ask, rate: number): Promise<{ answered: Answered[]; sent: number }> {
  const answers: Promise<Answered>[] = []
  const began = performance.now()
  for (let passed = 0; passed < SECONDS * 1000; passed = performance.now() - began) {
    while (answers.length < (passed / 1000) * rate) answers.push(ask(answers.length))
    await pause(EVERY_MS)
  }
  return { answered: await Promise.all(answers), sent: answers.length }
}
