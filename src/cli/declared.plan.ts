import { readFileSync, statSync } from 'node:fs'
import type { Environment } from '../platform/config/config.ts'
import { type Client, type ClientOptions, connect } from './client.ts'
import { json, type Printed } from './command.ts'
import { type IamPlan, type PlanOptions, plans, withValue } from './declared.difference.ts'
import { joined, MAX_SIZE, readDocument, type Values } from './declared.document.ts'
import { printPlan, reported } from './declared.print.ts'
import { resolve } from './declared.references.ts'
import { readServer } from './declared.server.ts'
import { wantedIams } from './declared.wanted.ts'
import { CREATE_IAM, DELETE_IAM, UPDATE_IAM } from './documents.ts'
import { EXIT, Failure, usage } from './exit.ts'
import { onTerminal } from './secret-input.ts'
import { printable } from './table.ts'

interface Options extends ClientOptions, PlanOptions {
  readonly json?: true | undefined
  readonly yes?: true | undefined
}

/** Exit code 2 if apply would change something. */
export async function plan(env: Environment, file: string, options: Options): Promise<Printed> {
  const found = await planned(connect(env, options), file, options)
  const { faults } = withSecrets(found, env)
  const changes = found.some(({ action }) => action !== 'none')
  const exitCode = changes ? EXIT.changes : EXIT.done
  if (options.json) return { text: json({ iams: reported(found), unresolved: faults }), exitCode }
  const missing = faults.length === 0 ? '' : `\napply needs what is missing:\n${faults.map(fault => `  ${fault}\n`).join('')}`
  return { text: printPlan(found) + missing, exitCode }
}

export async function apply(env: Environment, file: string, options: Options): Promise<Printed> {
  if (!options.yes && !process.stdin.isTTY) throw usage('--yes is needed where no terminal asks.')
  const client = connect(env, options)
  const found = await planned(client, file, options)
  const { inputs, faults } = withSecrets(found, env)
  if (faults.length > 0) throw new Failure(`Nothing was applied, because secrets are missing:\n${faults.join('\n')}`)
  const work = found.filter(({ action }) => action !== 'none')
  if (!options.json || !options.yes) process.stderr.write(printPlan(found))
  if (work.length > 0 && !options.yes) {
    const answer = await onTerminal(ask => ask('Apply this? yes or no: '), false)
    if (answer.trim() !== 'yes') throw new Failure('Nothing was applied.')
  }
  const applied: Applied[] = []
  for (const one of work) applied.push(await perform(client, { one, input: inputs.get(one)!, applied, work }))
  return { text: options.json ? json({ applied }) : applied.map(print).join(''), exitCode: EXIT.done }
}

async function planned(client: Client, file: string, options: PlanOptions): Promise<IamPlan[]> {
  const document = readDocument(file, read(file))
  const { types, iams } = await readServer(client)
  const existing = new Map(iams.map(({ iamid, type }) => [iamid, type]))
  const wanted = wantedIams(document.values, { types, existing })
  if (wanted.faults.length > 0)
    throw new Failure(
      wanted.faults.map(({ path, rule }) => printable(`${document.placeOf(path)}: ${joined(path)} ${rule}`)).join('\n'),
    )
  return plans(wanted.iams, iams, options)
}

function read(file: string): string {
  try {
    if (file !== '-' && statSync(file).size > MAX_SIZE) throw new Failure(`${file} is longer than ${MAX_SIZE} bytes`)
    return readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (error) {
    throw error instanceof Failure ? error : new Failure(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`)
  }
}

/** The inputs with secrets in their places, and all references that lead nowhere. */
function withSecrets(found: readonly IamPlan[], env: Environment) {
  const faults: string[] = []
  const inputs = new Map<IamPlan, Values>()
  for (const one of found) {
    const field = one.action === 'create' ? 'config' : 'configPatch'
    let input = one.input
    for (const [path, reference] of one.secrets) {
      const resolved = resolve(reference, env)
      if ('secret' in resolved) input = { ...input, [field]: withValue((input[field] ?? {}) as Values, path, resolved.secret) }
      else faults.push(`${joined(['iams', one.iamid])}.config.${path}: ${resolved.fault}`)
    }
    inputs.set(one, input)
  }
  return { inputs, faults }
}

interface Applied {
  readonly iamid: string
  readonly action: IamPlan['action']
  /** Shown once. */
  readonly scimKey?: string | null
  readonly scimUrl?: string | null
}

const DOCUMENTS = { create: CREATE_IAM, update: UPDATE_IAM, delete: DELETE_IAM, none: '' } as const

interface Work {
  readonly one: IamPlan
  readonly input: Values
  readonly applied: readonly Applied[]
  readonly work: readonly IamPlan[]
}

interface Result {
  readonly scimKey?: string | null
  readonly scimUrl?: string | null
  readonly warnings?: readonly { readonly field: string; readonly message: string }[]
}

async function perform(client: Client, { one: { iamid, action }, input, applied, work }: Work): Promise<Applied> {
  try {
    const { result } = await client.ask<{ result: Result }>(DOCUMENTS[action], { input })
    for (const { message } of result.warnings ?? []) process.stderr.write(`warning: ${iamid}: ${printable(message)}\n`)
    const { scimKey, scimUrl } = result
    return { iamid, action, ...(scimKey && { scimKey, scimUrl }) }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const names = (list: readonly { iamid: string }[]) => list.map(one => one.iamid).join(', ') || 'nothing'
    const rest = work.slice(applied.length + 1)
    const keys = applied.filter(({ scimKey }) => scimKey).map(print)
    const message = `${iamid} was refused: ${error.message}\nApplied: ${names(applied)}. Not applied: ${names([{ iamid }, ...rest])}.`
    throw new Failure([message, ...keys].join('\n'), error.exitCode)
  }
}

const DONE = { create: 'Created', update: 'Changed', delete: 'Removed', none: '' } as const

function print({ iamid, action, scimKey, scimUrl }: Applied): string {
  const key = scimKey ? `  SCIM URL  ${scimUrl}\n  SCIM key  ${scimKey}  (shown this once)\n` : ''
  return `${DONE[action]} ${iamid}.\n${key}`
}
