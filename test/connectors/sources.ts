// The ways a person comes in from outside, each with a real peer, as the conformance suite sees them all.
import type { TestApp } from '../harness/app.ts'
import type { Mood } from './tls-proxy.ts'

/** What the peer says of a person. An empty list says that there are none. */
export interface Said {
  readonly name: string
  readonly groups: readonly string[]
  readonly team: readonly string[]
}

export interface Outcome {
  /** 0: there was nobody left to answer. */
  readonly status: number
  readonly body: string
}

export type Trouble = Exclude<Mood, `through${string}`>
type Line = Record<string, unknown>

export interface SourceHandle {
  readonly iamid: string
  /** Who owns the rows that come this way. */
  readonly source: string
  /** Whether it speaks of profiles. */
  readonly profiles: boolean
  /** The attribute that a team becomes. */
  readonly key: string
  /** What is answered for somebody an administrator disabled. */
  readonly disabled: number
  /** Makes the person known where nobody is made by coming this way. */
  arrives(userid: string): Promise<void>
  /** From now on, when asked. */
  says(userid: string, said: Said): Promise<void>
  /** From now on nothing is said of groups and attributes; until `says`. */
  hushes(userid: string): Promise<void>
  /** All that comes before the peer is asked; then whether the person is in. `by` is whose token asks, where somebody asks for another. */
  approach(userid: string, by?: string): Promise<() => Promise<Outcome>>
  /** A token of the person's own, where only that can ask once no other administrator is left. */
  token?(userid: string): Promise<string>
  /** Lets trouble begin; answers how it ends. */
  trouble(kind: Trouble): Promise<() => Promise<void>>
  /** How many may come at once; any number unless told. */
  readonly abreast?: number
  /** How many wait for a peer that hangs. */
  waiting(): number
  /** What is answered in trouble, and which line of the log tells of it; none where there is nobody to tell about. */
  readonly refusals: Record<Trouble, { readonly status: number; readonly logged: ((line: Line) => boolean) | null }>
  /** Whether it was told that some of what was said could not be taken. */
  told(outcome: Outcome, lines: readonly Line[], userid: string): boolean | Promise<boolean>
  /** What is answered where somebody stays an administrator for want of another; 409 unless told. */
  readonly lastAdministrator?: number
  /** What no line of the log may hold. */
  readonly secrets: readonly string[]
  close(): Promise<void>
}

export interface Kind {
  readonly name: string
  /** Why it cannot be tried here, or null. */
  readonly missing: string | null
  open(app: TestApp, iamid: string): Promise<SourceHandle>
}

/** Of groups the person may become an administrator by. */
export const CHIEFS = { Chiefs: ['USER_ADMIN'] }

export async function must(app: TestApp, query: string, variables: object = {}): Promise<any> {
  const { data, errors } = await app.graphql(query, variables)
  if (errors) throw new Error(`${query}: ${JSON.stringify(errors)}`)
  return data
}

export const createIam = (app: TestApp, id: string, type: string, config: object) =>
  must(app, 'mutation ($input: CreateIamInput!) { createIam(input: $input) { iam { id } } }', {
    input: { id, displayName: id, type, config, groupPermissions: CHIEFS },
  })
export const updateIam = (app: TestApp, id: string, config: object) =>
  must(app, 'mutation ($input: UpdateIamInput!) { updateIam(input: $input) { iam { id } } }', { input: { id, config } })

export async function rest(app: TestApp, method: string, path: string, token: string | null, json?: object): Promise<Outcome> {
  const answer = await fetch(`${app.url}${path}`, {
    method,
    headers: { ...(json && { 'content-type': 'application/json' }), ...(token !== null && { authorization: `Bearer ${token}` }) },
    ...(json && { body: JSON.stringify(json) }),
  })
  return { status: answer.status, body: await answer.text() }
}

/** A line of the log about trouble with this IAM. */
export const warned = (iamid: string, message: RegExp) => (line: Line) =>
  line.level === 'warn' && line.iamid === iamid && message.test(String(line.msg))
/** That some of what was said by the source was left out. */
export const leftOut = (source: string) => (_: Outcome, lines: readonly Line[]) =>
  lines.filter(line => line.source === source && /source data partly/.test(String(line.msg))).length === 1
