// A sync from the command line, watched to its end: in this process, or at a gateway that runs (--url, with a token in ROSTER_TOKEN).
import { setTimeout } from 'node:timers/promises'
import { asOperator } from '../app.ts'
import { type Environment, loadConfig } from '../config.ts'
import { RosterError } from '../errors.ts'
import { carryOn } from '../sync/jobs.ts'
import { isUnderWay, type RunStatus } from '../sync/run.ts'
import { syncs } from '../sync/syncs.service.ts'
import type { Printed, Values } from './command.ts'

interface Watched {
  readonly id: number
  readonly status: string
  readonly reason: string | null
  readonly total: number
  readonly unchanged: number
  readonly planned: number
  readonly applied: number
}

interface Asked {
  readonly id: string
  readonly dryRun: boolean
}

/** Where the work is done. */
interface Place {
  start(asked: Asked): Promise<Watched>
  look(id: number): Promise<Watched>
}

/** Milliseconds between two looks. */
const LOOK = 200
const barWidth = 30

export async function syncIam(env: Environment, { iam, 'dry-run': dryRun = false, url }: Values): Promise<Printed> {
  if (typeof iam !== 'string') return { text: 'Which IAM? Say --iam ID.\n', exitCode: 2 }
  const asked = { id: iam, dryRun: dryRun === true }
  if (typeof url === 'string') return watch(remote(url, env.ROSTER_TOKEN), asked)
  return asOperator(loadConfig(env), 'npm run sync', operator => {
    const look = async (id: number): Promise<Watched> => (await syncs.get(operator, { id }))!
    return watch(
      {
        look,
        async start(input) {
          const { run, runningInBackground } = await syncs.start(operator, input)
          // There is no background here: this process is all there is.
          if (runningInBackground) void carryOn(operator.app, run.id).catch(() => {})
          return run
        },
      },
      asked,
    )
  }).catch(beside)
}

/** A store that does not open is most often one that a gateway has open. */
function beside(error: unknown): never {
  if (error instanceof RosterError || !(error instanceof Error)) throw error
  throw new Error(`${error.message}\nA gateway that runs does it, too: --url http://…, with a token in ROSTER_TOKEN.`)
}

async function watch(place: Place, asked: Asked): Promise<Printed> {
  let run = await place.start(asked)
  while (isUnderWay({ status: run.status.toLowerCase() as RunStatus })) {
    show(run)
    await setTimeout(LOOK)
    run = await place.look(run.id)
  }
  show(run)
  if (process.stderr.isTTY) process.stderr.write('\n')
  return { text: told(run, asked), exitCode: run.status.toLowerCase() === 'finished' ? 0 : 1 }
}

let shown = ''
function show({ status, total, planned, applied }: Watched): void {
  const share = planned === 0 ? 0 : applied / planned
  const bar = '#'.repeat(Math.round(share * barWidth)).padEnd(barWidth, '.')
  const line = status.toLowerCase() === 'applying' ? `[${bar}] ${applied} of ${planned}` : `${total} people`
  if (process.stderr.isTTY) process.stderr.write(`\r${status.toLowerCase()} ${line}   `)
  // Where nobody looks on, a line when something begins.
  else if (shown !== status) process.stderr.write(`${status.toLowerCase()}\n`)
  shown = status
}

function told({ id, status, reason, total, unchanged, planned, applied }: Watched, { dryRun }: Asked): string {
  const done = dryRun ? `${planned} changes would be made` : `${applied} of ${planned} changes made`
  const why = reason === null ? '' : `${reason}\n`
  const way = status.toLowerCase() === 'quarantined' ? `Decide with the mutations confirmSync and dropSync, id ${id}.\n` : ''
  return `Sync ${id} is ${status.toLowerCase()}: ${total} people seen, ${unchanged} as they were, ${done}.\n${why}${way}`
}

/** Throws what the gateway answers. */
function remote(url: string, token: string | undefined): Place {
  const fields = 'id status reason total unchanged planned applied'
  const ask = async (query: string, variables: object): Promise<Record<string, { run: Watched } & Watched>> => {
    const response = await fetch(new URL('graphql', url.endsWith('/') ? url : `${url}/`), {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token ?? ''}` },
      body: JSON.stringify({ query, variables }),
    })
    const { data, errors } = (await response.json()) as {
      data: Record<string, { run: Watched } & Watched>
      errors?: { message: string }[]
    }
    if (errors?.[0]) throw new Error(errors[0].message)
    return data
  }
  return {
    start: async input =>
      (await ask(`mutation ($input: SyncIamInput!) { syncIam(input: $input) { run { ${fields} } } }`, { input })).syncIam!.run,
    look: async id => (await ask(`query ($id: Int!) { syncRun(id: $id) { ${fields} } }`, { id })).syncRun!,
  }
}
