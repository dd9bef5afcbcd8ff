/**
 * `query`: policy → rule. `command`: policy → prepare →
 * transaction { rule → audit } for each step → afterCommit.
 */

import { channel } from 'node:diagnostics_channel'
import { actingAs, currentActor, isAdmitted } from '../platform/database/current-actor.ts'
import { TooExpensive, toRejection, toUnavailable } from '../platform/database/errors.ts'
import type { Db } from '../platform/database/store.ts'
import { Forbidden, RosterError, SecretUnreadable, Unauthenticated, Unavailable } from '../platform/errors.ts'
import { type Actor, isSelf, shareOf, type UserRef } from './actor.ts'
import { appendEvents } from './audit.store.ts'
import { type AuditDraft, type AuditTrail, newTrail, type Target } from './audit-event.ts'
import type { App, Context, Loaders } from './context.ts'
import { type Action, decide, policy, type ReadAction, type Verdict, type WriteAction } from './policy.ts'

export interface ServiceContext {
  readonly db: Db
  readonly actor: Actor
  readonly now: Date
  readonly app: App
  readonly requestId: string
  readonly address: string
  readonly trail: AuditTrail
}

/** A value with events, or an error that keeps what was written. */
export interface WriteResult<R> {
  readonly value: R
  readonly events: readonly AuditDraft[]
  readonly error?: RosterError
  readonly next?: (call: ServiceContext) => Promise<WriteResult<R>>
  /** Fills the loaders of the answer. */
  readonly primes?: (loaders: Loaders) => void
  /** After the commit; may fail, such as mail. */
  readonly afterCommit?: (value: R) => Promise<R>
}
export const changed = <R>(value: R, ...events: [AuditDraft, ...AuditDraft[]]): WriteResult<R> => ({ value, events })
export const unchanged = <R>(value: R): WriteResult<R> => ({ value, events: [] })
export const continued = <R>(
  events: readonly AuditDraft[],
  next: (call: ServiceContext) => Promise<WriteResult<R>>,
): WriteResult<R> => ({
  value: undefined as R,
  events,
  next,
})
/** The events are kept, then the error is thrown. */
export const rejected = <R>(error: RosterError, ...events: AuditDraft[]): WriteResult<R> => ({
  value: undefined as R,
  events,
  error,
})

declare const guarded: unique symbol
export type Guarded<A, R> = ((context: Context, args: A) => Promise<R>) & { readonly [guarded]: Action }
export type Service = Record<string, Guarded<never, unknown>>

/** The record's user, for own-record rules; the target's name, for denials. */
interface ServiceOptions<A> {
  readonly owner?: (args: A) => UserRef | undefined
}

export function query<A, R>(
  action: ReadAction,
  rule: (call: ServiceContext, args: A) => Promise<R>,
  about: ServiceOptions<A> = {},
): Guarded<A, R> {
  const run = async (context: Context, args: A) =>
    rule(serviceContext(context, context.reads.db, READ), args).catch(error => translated(context, error, action))
  return admitted((context, args) => authorize(context, action, { owner: about.owner?.(args) }), run) as Guarded<A, R>
}

export function command<A, R, P = undefined>(
  action: WriteAction,
  rule: (call: ServiceContext, args: A, prepared: P) => Promise<WriteResult<R>>,
  about: ServiceOptions<A> & Preparing<A, P> = {},
): Guarded<A, R> {
  const run = async (context: Context, args: A) => {
    const trail = context.trail ?? newTrail()
    let end = () => {}
    context.reads.wrote()
    try {
      const prepared = (await about.prepare?.(serviceContext(context, context.app.store.db, trail), args)) as P
      end = () => about.end?.(prepared)
      const change = { action, trail, rule: (call: ServiceContext) => rule(call, args, prepared) }
      const outcome = context.dryRun ? await rehearsed(context, context.dryRun, change) : await written(context, change)
      context.loaders = context.app.createLoaders(context)
      // A dry run answers what is stored.
      if (!context.dryRun) outcome.primes?.(context.loaders)
      if (outcome.error) throw outcome.error
      return outcome.afterCommit && !context.dryRun ? await outcome.afterCommit(outcome.value) : outcome.value
    } catch (error) {
      trail.failure = error instanceof RosterError ? error.message : 'Unexpected error; see the log'
      if (error instanceof Forbidden) await recordDenied(context, action, { reason: error.message, args })
      return translated(context, error, action)
    } finally {
      trail.over = true
      end()
    }
  }
  return admitted((context, args) => authorize(context, action, { owner: about.owner?.(args), args }), run) as Guarded<A, R>
}

interface Preparing<A, P> {
  readonly prepare?: (call: ServiceContext, args: A) => Promise<P>
  /** Releases what `prepare` took. Not called when `prepare` throws. */
  readonly end?: (prepared: P) => void
}

interface Change<R> {
  readonly action: WriteAction
  readonly trail: AuditTrail
  readonly rule: (call: ServiceContext) => Promise<WriteResult<R>>
}

async function written<R>(context: Context, { action, trail, rule }: Change<R>): Promise<WriteResult<R>> {
  const step = (work: typeof rule) =>
    context.app.store.transaction(async db => {
      const result = await work(serviceContext(context, db, trail))
      if (result.events.length > 0) await appendEvents(db, { request: context, action, drafts: result.events, commits: true })
      return result
    })
  let outcome = await step(rule)
  publish(trail, { action, events: outcome.events })
  while (outcome.next) {
    await context.app.store.pause()
    outcome = await step(outcome.next)
    publish(trail, { action, events: outcome.events })
  }
  return outcome
}

/** For metrics. */
export interface CommittedEvents {
  readonly action: WriteAction
  readonly events: readonly AuditDraft[]
}
export const committed = channel('roster.committed')

function publish(trail: AuditTrail, committing: CommittedEvents): void {
  trail.events.push(...committing.events)
  if (committed.hasSubscribers) committed.publish(committing)
}

const ROLLED_BACK = new Error('The dry run is over: its transaction is rolled back')

/** All steps in one transaction, which is rolled back. Nothing is audited. */
async function rehearsed<R>(
  context: Context,
  dryRun: NonNullable<Context['dryRun']>,
  { trail, rule }: Change<R>,
): Promise<WriteResult<R>> {
  let outcome: WriteResult<R> | undefined
  const rehearsal = context.app.store.transaction(async db => {
    const call = serviceContext(context, db, trail)
    outcome = await rule(call)
    const events = [...outcome.events]
    for (; outcome.next; events.push(...outcome.events)) outcome = await outcome.next(call)
    dryRun.events.push(...events)
    throw ROLLED_BACK
  })
  await rehearsal.catch(error => {
    if (error !== ROLLED_BACK) throw error
  })
  return outcome!
}

/** Limits concurrency per actor. Operations of a request, and nested ones, share the slot. */
function admitted<A, R>(ask: (context: Context, args: A) => Promise<void>, run: (context: Context, args: A) => Promise<R>) {
  return (context: Context, args: A): Promise<R> => {
    const { place } = context
    const actor = shareOf(context.actor, context.address)
    const work = async () => {
      await ask(context, args)
      if (isAdmitted()) return run(context, args)
      if (!place) return context.app.operations.run({ actor }, () => actingAs(actor, () => run(context, args), true))
      await place.enter()
      return actingAs(actor, () => run(context, args), true)
    }
    return currentActor() === actor ? work() : actingAs(actor, work)
  }
}

const READ: AuditTrail = { events: [], failure: null, notTaken: [], over: true }

/** For tests: every API must decide. */
export interface Decision {
  readonly requestId: string
  readonly action: Action
  readonly allowed: boolean
}
export const decisions = channel('roster.decision')

/** Throws Unauthenticated or Forbidden. APIs call it before reading bodies. */
export async function authorize(
  context: Context,
  action: Action,
  { owner, args = { ref: owner } }: { owner?: UserRef | undefined; args?: unknown } = {},
): Promise<void> {
  const verdict = decide(context.actor, action, owner !== undefined && isSelf(context.actor, owner))
  if (decisions.hasSubscribers)
    decisions.publish({ requestId: context.requestId, action, allowed: verdict.allowed } satisfies Decision)
  if (verdict.allowed) return
  if (verdict.because === 'anonymous')
    throw new Unauthenticated('A token or an API key is needed: send it as Authorization: Bearer <token>')
  const message = refusal(action, verdict)
  if (policy[action].kind === 'write') await recordDenied(context, action, { reason: message, args })
  throw new Forbidden(message)
}

/** Connection errors become Unavailable; stopped statements name their operation. */
function translated({ app, actor, requestId }: Context, error: unknown, action: Action): never {
  if (error instanceof SecretUnreadable && actor.kind === 'anonymous') {
    app.log.error({ requestId, failure: error.message }, 'a stored secret does not open')
    throw new Unavailable('This IAM is unavailable at the moment: your administrator can see the reason in the log')
  }
  const refusal = toRejection(error)
  if (refusal instanceof TooExpensive) throw new TooExpensive(action)
  throw refusal ?? toUnavailable(error) ?? error
}

/** For input that needs a further permission. Throws Forbidden. */
export function requirePermissionFor(call: Pick<ServiceContext, 'actor'>, action: Action): void {
  const verdict = decide(call.actor, action)
  if (!verdict.allowed) throw new Forbidden(refusal(action, verdict))
}

function refusal(action: Action, verdict: Verdict & { allowed: false }): string {
  if (verdict.because === 'impersonated') return `${action} is not allowed with an impersonation token`
  if (verdict.because === 'scope') return `${action} is outside the scopes of this credential`
  const who = policy[action].who
  return Array.isArray(who) && who.length > 0 ? `${action} needs the permission ${who.join(' or ')}` : `${action} is not allowed`
}

const deniedKinds = new WeakMap<Context, Set<Action>>()

async function recordDenied(
  context: Context,
  action: Action,
  { reason, args }: { reason: string; args: unknown },
): Promise<void> {
  const kinds = deniedKinds.get(context) ?? new Set()
  if (kinds.has(action)) return
  deniedKinds.set(context, kinds.add(action))
  const target = refusedTarget(action, args as RefusedArgs)
  await appendEvents(context.app.store.db, {
    request: context,
    action,
    drafts: [{ event: 'denied', outcome: 'denied', target, reason }],
  })
}

interface RefusedArgs extends UserRef {
  readonly ref?: UserRef | null
  readonly group?: UserRef | null
  readonly owner?: { readonly user?: UserRef | null; readonly group?: UserRef | null } | null
  readonly domainId?: string
}

function refusedTarget(action: Action, args: RefusedArgs): Target {
  // Their id is a sync's.
  const noun = action.endsWith('Sync') ? 'sync' : (action.slice(0, action.indexOf(':')) as Target['type'])
  const named = args.ref ?? args.owner?.user ?? args.owner?.group ?? args.group ?? args
  const type = args.owner?.user ? 'user' : args.owner?.group ? 'group' : named.userid == null ? noun : 'user'
  const id = named.id ?? args.domainId ?? (noun === 'iam' ? args.iamid : null) ?? ''
  if (id === '' && named.userid == null) return { type: 'instance', id }
  return { type, id, name: named.userid == null ? null : `${named.iamid ?? 'bim'}/${named.userid}`.slice(0, 400) }
}

const serviceContext = (context: Context, db: Db, trail: AuditTrail): ServiceContext => ({
  db,
  actor: context.actor,
  now: new Date(),
  app: context.app,
  requestId: context.requestId,
  address: context.address,
  trail,
})
