// Runs in this process, or on a running server (--url).
import { setTimeout } from 'node:timers/promises'
import { asOperator } from '../app.ts'
import type { Context } from '../authorization/context.ts'
import { type Environment, loadConfig } from '../platform/config/config.ts'
import { RosterError } from '../platform/errors.ts'
import { isUnderWay, type RunStatus } from '../sync/run.ts'
import { releaseAll } from '../sync/run-executor.ts'
import { syncs } from '../sync/syncs.service.ts'
import { processRun, resumeRun } from '../sync/worker.ts'
import { json, type Printed } from './command.ts'
import { EXIT } from './exit.ts'

interface Watched {
  readonly id: number
  readonly status: string
  readonly reason: string | null
  readonly total: number
  readonly unchanged: number
  readonly planned: number
  readonly applied: number
}

interface Options {
  readonly id: string
  readonly dryRun: boolean
  readonly asJson: boolean
}

interface Target {
  start(asked: Options): Promise<Watched>
  look(id: number): Promise<Watched>
  leave(): Promise<void>
  readonly interrupted: string
}

/** Milliseconds between polls. */
const LOOK = 200
/** Milliseconds between retries. */
const AGAIN = 1_000
const MAX_SILENCE = 15
const barWidth = 30

export interface SyncOptions {
  readonly iam: string
  readonly dryRun?: true | undefined
  readonly url?: string | undefined
  readonly json?: true | undefined
}

export async function syncIam(env: Environment, { iam, url, ...options }: SyncOptions): Promise<Printed> {
  const asked = { id: iam, dryRun: options.dryRun === true, asJson: options.json === true }
  if (url !== undefined) return watch(remote(url, env.ROSTER_TOKEN), asked)
  return asOperator(loadConfig(env), 'npm run sync', async operator => {
    const place = local(operator)
    const left = await leftOf(operator, iam)
    if (left) {
      process.stderr.write(`Sync ${left.id} was left under way: it goes first.\n`)
      await resumeRun(operator.app, left.id)
    }
    return watch(place, asked)
  }).catch(beside)
}

function beside(error: unknown): never {
  if (error instanceof RosterError || !(error instanceof Error)) throw error
  throw new Error(`${error.message}\nIf Roster is running on this database, pass --url http://… and set ROSTER_TOKEN.`)
}

async function leftOf(operator: Context, iamid: string): Promise<Watched | undefined> {
  const { nodes } = await syncs.list(operator, { first: 1, filter: { iamid, statuses: ['WAITING', 'READING', 'APPLYING'] } })
  return nodes[0]
}

function local(operator: Context): Target {
  const { app } = operator
  let working: Promise<void> | null = null
  const carry = (id: number) => {
    working ??= processRun(app, id)
      .catch(() => {})
      .then(() => setTimeout(AGAIN))
      .finally(() => {
        working = null
      })
  }
  return {
    interrupted: 'the next npm run sync goes on with it, or a gateway on this store',
    async start(input) {
      const { run, runningInBackground } = await syncs.start(operator, input)
      if (runningInBackground) carry(run.id)
      return run
    },
    async look(id) {
      const run = (await syncs.get(operator, { id }))!
      if (isUnderWay(run)) carry(id)
      return run
    },
    async leave() {
      await releaseAll(app)
      await working
    },
  }
}

async function watch(place: Target, asked: Options): Promise<Printed> {
  let interrupted = false
  const interrupt = () => {
    interrupted = true
  }
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) process.once(signal, interrupt)
  try {
    let run = await place.start(asked)
    while (isUnderWay({ status: run.status.toLowerCase() as RunStatus })) {
      if (interrupted) {
        await place.leave()
        return { text: `Sync ${run.id} is not over: ${place.interrupted}.\n`, exitCode: EXIT.interrupted }
      }
      show(run)
      await setTimeout(LOOK)
      run = await place.look(run.id)
    }
    show(run)
    if (process.stderr.isTTY) process.stderr.write('\n')
    return {
      text: asked.asJson ? json(reported(run)) : print(run, asked),
      exitCode: run.status.toLowerCase() === 'finished' ? 0 : 1,
    }
  } finally {
    for (const signal of signals) process.off(signal, interrupt)
  }
}

let shown = ''
function show({ status, total, planned, applied }: Watched): void {
  const share = planned === 0 ? 0 : applied / planned
  const bar = '#'.repeat(Math.round(share * barWidth)).padEnd(barWidth, '.')
  const line = status.toLowerCase() === 'applying' ? `[${bar}] ${applied} of ${planned}` : `${total} people`
  if (process.stderr.isTTY) process.stderr.write(`\r${status.toLowerCase()} ${line}   `)
  else if (shown !== status) process.stderr.write(`${status.toLowerCase()}\n`)
  shown = status
}

const reported = ({ id, status, reason, total, unchanged, planned, applied }: Watched) => ({
  id,
  status: status.toUpperCase(),
  reason,
  total,
  unchanged,
  planned,
  applied,
})

function print({ id, status, reason, total, unchanged, planned, applied }: Watched, { dryRun }: Options): string {
  const done = dryRun ? `${planned} changes would be made` : `${applied} of ${planned} changes made`
  const why = reason === null ? '' : `${reason}\n`
  const way =
    status.toLowerCase() === 'quarantined'
      ? `Decide with the mutations approveSync and cancelSync, ref {databaseId: ${id}}.\n`
      : ''
  return `Sync ${id} is ${status.toLowerCase()}: ${total} people seen, ${unchanged} as they were, ${done}.\n${why}${way}`
}

type Response = Record<string, { run: Watched } & Watched>

function remote(url: string, token: string | undefined): Target {
  if (!token) throw new Error('ROSTER_TOKEN is not set: it needs the token of a user with USER_ADMIN')
  const fields = 'id: databaseId status reason total unchanged planned applied'
  const ask = async (query: string, variables: object): Promise<Response> => {
    const response = await fetch(new URL('graphql', url.endsWith('/') ? url : `${url}/`), {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query, variables }),
    }).catch((error: Error & { cause?: { code?: string } }) => {
      throw new Unreachable(`The gateway at ${url} is unreachable: ${error.cause?.code ?? error.message}`)
    })
    const answer = (await response.json().catch(() => null)) as { data?: Response; errors?: { message: string }[] } | null
    if (answer?.errors?.[0]) throw new Error(answer.errors[0].message)
    if (!answer?.data)
      throw new Unreachable(`What answers at ${url} is no gateway, or one that is away (status ${response.status})`)
    return answer.data
  }
  return {
    interrupted: 'the gateway goes on with it; watch it with syncRun',
    start: async ({ id: iamid, dryRun }) => {
      const input = { iamid, dryRun }
      return (await ask(`mutation ($input: SyncIamInput!) { syncIam(input: $input) { run { ${fields} } } }`, { input })).syncIam!
        .run
    },
    async look(id) {
      // A restarted server continues the run.
      for (let turn = 1; ; turn++)
        try {
          return (await ask(`query ($id: Int!) { syncRun(ref: { databaseId: $id }) { ${fields} } }`, { id })).syncRun!
        } catch (error) {
          if (!(error instanceof Unreachable) || turn === MAX_SILENCE) throw error
          await setTimeout(AGAIN)
        }
    },
    leave: async () => {},
  }
}

class Unreachable extends Error {}
