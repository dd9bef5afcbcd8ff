// The federation sources as the conformance suite uses them, each with a real peer.
import type { TestApp } from '../harness/app.ts'
import type { Mood } from './tls-proxy.ts'

/** The peer's data of a user. An empty list means that there are none. */
export interface PeerUser {
  readonly name: string
  readonly groups: readonly string[]
  readonly team: readonly string[]
}

export interface Outcome {
  /** 0 without an answer. */
  readonly status: number
  readonly body: string
}

export type Trouble = Exclude<Mood, `through${string}`>
type Line = Record<string, unknown>

export interface SourceHandle {
  readonly iamid: string
  /** The `source` of the rows. */
  readonly source: string
  /** Whether it has profiles. */
  readonly profiles: boolean
  /** The attribute that a team becomes. */
  readonly key: string
  /** The status for a user whom an administrator disabled. */
  readonly disabled: number
  /** Creates the user where the source itself creates none. */
  arrives(userid: string): Promise<void>
  /** Sets the peer's data. */
  provides(userid: string, user: PeerUser): Promise<void>
  /** Makes the peer leave out groups and attributes, until `provides`. */
  omits(userid: string): Promise<void>
  /** Prepares a request; the function that it returns sends it. `by` is the token of another user that asks. */
  approach(userid: string, by?: string): Promise<() => Promise<Outcome>>
  /** A token of the user's own, for requests without another administrator. */
  token?(userid: string): Promise<string>
  /** Starts the trouble; returns a function that ends it. */
  trouble(kind: Trouble): Promise<() => Promise<void>>
  /** The most requests at once. Default: no limit. */
  readonly abreast?: number
  /** The requests that wait for a peer that hangs. */
  waiting(): number
  /** The status in each trouble, and the line of the log, or null where no user is known. */
  readonly refusals: Record<Trouble, { readonly status: number; readonly logged: ((line: Line) => boolean) | null }>
  /** Whether rejected values are reported. */
  reports(outcome: Outcome, lines: readonly Line[], userid: string): boolean | Promise<boolean>
  /** The status where the last administrator stays one. Default: 409. */
  readonly lastAdministrator?: number
  /** Texts that no line of the log may hold. */
  readonly secrets: readonly string[]
  close(): Promise<void>
}

export interface Kind {
  readonly name: string
  /** Why it cannot run here, or null. */
  readonly missing: string | null
  open(app: TestApp, iamid: string): Promise<SourceHandle>
}

/** A group that makes its members administrators. */
export const CHIEFS = { Chiefs: ['USER_ADMIN'] }

export async function must(app: TestApp, query: string, variables: object = {}): Promise<any> {
  const { data, errors } = await app.graphql(query, variables)
  if (errors) throw new Error(`${query}: ${JSON.stringify(errors)}`)
  return data
}

export const createIam = (app: TestApp, id: string, type: string, config: object) =>
  must(app, 'mutation ($input: CreateIamInput!) { createIam(input: $input) { iam { id: iamid } } }', {
    input: { iamid: id, displayName: id, type, config, groupPermissions: CHIEFS },
  })
export const updateIam = (app: TestApp, id: string, config: object) =>
  must(app, 'mutation ($input: UpdateIamInput!) { updateIam(input: $input) { iam { id: iamid } } }', {
    input: { iamid: id, config },
  })

export async function rest(app: TestApp, method: string, path: string, token: string | null, json?: object): Promise<Outcome> {
  const answer = await fetch(`${app.url}${path}`, {
    method,
    headers: { ...(json && { 'content-type': 'application/json' }), ...(token !== null && { authorization: `Bearer ${token}` }) },
    ...(json && { body: JSON.stringify(json) }),
  })
  return { status: answer.status, body: await answer.text() }
}

/** Matches a warning of this IAM. */
export const warned = (iamid: string, message: RegExp) => (line: Line) =>
  line.level === 'warn' && line.iamid === iamid && message.test(String(line.msg))
/** Whether the log has one warning that values of the source were left out. */
export const leftOut = (source: string) => (_: Outcome, lines: readonly Line[]) =>
  lines.filter(line => line.source === source && /source data partly/.test(String(line.msg))).length === 1
