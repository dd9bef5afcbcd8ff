/** Log-in and log-out. Failures look alike. */
import type { UserActor } from '../authorization/actor.ts'
import { isAdministrative } from '../authorization/permissions.ts'
import { inScope } from '../authorization/policy.ts'
import { parse } from '../authorization/secret.ts'
import {
  changed,
  command,
  query,
  rejected,
  type Service,
  type ServiceContext,
  type WriteResult,
} from '../authorization/service.ts'
import type { LoggedOut } from '../connectors/oidc.logout-token.ts'
import {
  consumeInvitation,
  deleteTokens,
  findApiKey,
  findInvitation,
  touchApiKey,
} from '../domain/credentials/credentials.store.ts'
import { recordAddress } from '../domain/credentials/login-addresses.store.ts'
import { lockPassword, recordLogin, renewPassword, setPasswordHash } from '../domain/credentials/password.store.ts'
import { type IssuedToken, issueToken } from '../domain/credentials/token-issue.ts'
import { lockIamRow } from '../domain/iams/iams.store.ts'
import { isProjectMember } from '../domain/projects/projects.store.ts'
import { targetOf, type UserRecord, withVisibility } from '../domain/users/user.ts'
import { grantsOfUsers, requireUser } from '../domain/users/users.store.ts'
import { applySourceResults } from '../federation/source-result.ts'
import { createTokenCipher } from '../platform/encryption.ts'
import { Forbidden, NotFound, Unauthenticated } from '../platform/errors.ts'
import { actorOf } from './authenticate.ts'
import { beginOidcLogin, type CallbackInput, finishOidcLogin, type OidcLoginResult, receiveLogout } from './oidc-login.ts'
import { consumeOnce, endProviderSessions, idTokenOf, type ProviderSession, recordProviderSession } from './oidc-session.store.ts'
import { type AuthenticatedUser, type PasswordCredentials, subjectsOfLogIn, verifyCredentials } from './password-login.ts'

const BAD_LOGIN = 'The user name or the password is wrong, or the account cannot log in'
const NOT_ALLOWED = 'This account is disabled or may not log in: ask an administrator'
const GONE = 'This IAM was removed: reload the page'
const BAD_KEY = 'The API key is unknown, expired or revoked'
const BAD_INVITATION = 'The invitation is unknown, used or expired: ask an administrator for a new one'
const IMPERSONATION_SECONDS = 3600
/** Characters of an ID token in an address. */
const MAX_HINT = 12_000

export const sessions = {
  logIn: command(
    'session:logIn',
    async (call, given: PasswordCredentials, proven: AuthenticatedUser | null): Promise<WriteResult<IssuedToken>> => {
      const { iamid } = given
      // Names are not recorded: people type passwords there.
      if (proven === null) return rejected(new Unauthenticated(BAD_LOGIN), loginFailed(`${iamid ?? 'bim'}/…`))
      if (!(await isHeld(call, proven.iam))) return rejected(new Unauthenticated(BAD_LOGIN), loginFailed(`${iamid}/…`, GONE))
      const { user, passwordHash, renewed } = proven
      if (user !== null && passwordHash !== null && !(await lockPassword(call.db, user.id, passwordHash)))
        return rejected(new Unauthenticated(BAD_LOGIN), loginFailed(`${iamid}/…`, 'the password was changed at the same time'))
      if (user !== null && renewed != null) await renewPassword(call.db, user.id, renewed)
      const outcome = await startSession(call, proven, BAD_LOGIN)
      if (!outcome.error) await recordAddress(call.db, subjectsOfLogIn(call, given), call.now)
      return outcome
    },
    { prepare: verifyCredentials },
  ),

  begin: query('session:start', beginOidcLogin),

  logInByProvider: command(
    'session:logInByProvider',
    async (call, { iamid }: CallbackInput, proven: OidcLoginResult | Unauthenticated): Promise<WriteResult<Session>> => {
      if (proven instanceof Unauthenticated) return rejected(proven, loginFailed(`${iamid}/…`, proven.message))
      if (!(await isHeld(call, proven.iam))) return rejected(new Unauthenticated(GONE), loginFailed(`${iamid}/…`, GONE))
      const outcome = await startSession(call, { ...proven, user: null }, NOT_ALLOWED)
      const value = { ...outcome.value, endSession: proven.endSession }
      const { error } = outcome
      if (!error)
        await recordProviderSession(call.db, {
          tokenId: value.tokenId,
          iamid,
          session: await withEncryptedHint(call, iamid, proven.session),
        })
      return { value, events: outcome.events, ...(error && { error }) }
    },
    { prepare: finishOidcLogin },
  ),

  endByProvider: command(
    'session:endByProvider',
    async (call, { iamid }: { iamid: string; logoutToken: string }, { jti, until, ...whose }: LoggedOut) => {
      if (!(await consumeOnce(call.db, ['log-out', iamid, jti], until)))
        throw new Unauthenticated('The logout token was already used')
      const ended = await endProviderSessions(call.db, iamid, whose)
      const events = ended.map(({ id, iamid: of, userid }) => ({
        event: 'tokenRevoked' as const,
        target: { type: 'token' as const, id, name: `${of}/${userid}` },
        reason: `the provider of ${iamid} ended the session`,
      }))
      return { value: { ended: ended.length }, events }
    },
    { prepare: receiveLogout },
  ),

  authenticateApiKey: command(
    'apikey:authenticate',
    async (call, { apikey }: { apikey: string }): Promise<WriteResult<IssuedToken>> => {
      const owner = await ownerOfKey(call, apikey)
      const issued = await issueWithKey(call, owner, {
        userId: owner.user.id,
        profileId: owner.user.profileId,
        scopes: owner.credential.scopes,
      })
      return changed(issued, { event: 'tokenIssued', target: { type: 'token', id: issued.tokenId }, by: owner.user })
    },
  ),

  /** Checks the key owner's permission now and at each use. */
  impersonate: command(
    'apikey:impersonate',
    async (
      call,
      input: { apikey: string; iamid: string; userid: string; projectId?: number | null },
    ): Promise<WriteResult<IssuedToken>> => {
      const owner = await ownerOfKey(call, input.apikey)
      if (!owner.permissions.has('IMPERSONATE_USER') || !inScope(owner.credential.scopes, 'apikey:impersonate'))
        throw new Forbidden("The key's owner needs the permission IMPERSONATE_USER, within the key's scopes")
      const target = await requireUser(call.db, { iamid: input.iamid, userid: input.userid })
      await refuseTarget(call, target, input.projectId ?? null)
      const issued = await issueWithKey(call, owner, {
        userId: target.id,
        profileId: target.profileId,
        impersonatorId: owner.user.id,
        // Keeps the key's scopes: the marker alone would widen them.
        scopes: ['impersonation', ...owner.credential.scopes],
        projectId: input.projectId ?? null,
        life: IMPERSONATION_SECONDS,
      })
      return changed(issued, {
        event: 'impersonationStarted',
        target: targetOf(target),
        after: { token: issued.tokenId },
        by: owner.user,
      })
    },
  ),

  logOut: command('session:logOut', async (call, _: object) => {
    const token = call.actor.kind === 'user' && call.actor.credential.kind !== 'apikey' ? call.actor.credential.id : null
    const idToken = token === null ? null : await decryptedHint(call, await idTokenOf(call.db, token))
    const gone = token === null ? [] : await deleteTokens(call.db, [token], null)
    return changed({ revokedTokens: gone.length, idToken }, { event: 'tokenRevoked', target: { type: 'token', id: token ?? '' } })
  }),

  readInvitation: query(
    'session:readInvitation',
    async (call, { token }: { token: string }): Promise<UserRecord> =>
      withVisibility(await requireUser(call.db, { id: await invited(call, token) }), 'own'),
  ),

  acceptInvitation: command(
    'session:acceptInvitation',
    async (call, { token }: { token: string; password: string }, passwordHash: string) => {
      const userId = await consumeInvitation(call.db, parse(token)!.hash, call.now)
      if (userId === null) throw new NotFound(BAD_INVITATION)
      const user = await setPasswordHash(call.db, userId, { passwordHash, now: call.now })
      return changed(withVisibility(user, 'own'), {
        event: 'passwordChanged',
        target: targetOf(user),
        after: { by: 'invitation' },
        by: user,
      })
    },
    { prepare: checkInvitation },
  ),
} satisfies Service

/** Locks the IAM against removal; `bim` is never removed. */
const isHeld = async ({ db }: ServiceContext, { id }: Pick<OidcLoginResult['iam'], 'id'>): Promise<boolean> =>
  id === 'bim' || (await lockIamRow(db, id)) !== null

const hintCipher = ({ app }: ServiceContext) => createTokenCipher(app.keys, 'id_token_hint')

/** Without a hint the provider asks whom to sign out. */
async function withEncryptedHint(call: ServiceContext, iamid: string, session: ProviderSession): Promise<ProviderSession> {
  const { idToken } = session
  if (idToken === null) return session
  const { log, config } = call.app
  if (idToken.length > MAX_HINT) {
    log.info({ iamid, length: idToken.length, limit: MAX_HINT }, 'an ID token is too long to be sent at sign-out')
    return { ...session, idToken: null }
  }
  const expires = new Date(call.now.getTime() + config.token.lifeSeconds * 1000)
  return { ...session, idToken: await hintCipher(call).encrypt({ idToken }, expires) }
}

async function decryptedHint(call: ServiceContext, encrypted: string | null): Promise<string | null> {
  const claims = encrypted === null ? null : await hintCipher(call).decrypt(encrypted, call.now)
  return typeof claims?.idToken === 'string' ? claims.idToken : null
}

interface Session extends IssuedToken {
  readonly endSession: string | null
}

async function startSession(
  call: ServiceContext,
  {
    iam,
    user: known,
    userid,
    results,
    rejected: rejection,
  }: Pick<AuthenticatedUser, 'user' | 'userid' | 'results' | 'rejected'> & { readonly iam: OidcLoginResult['iam'] },
  refusal: string,
): Promise<WriteResult<IssuedToken>> {
  const taken =
    rejection === undefined
      ? await applySourceResults(call, { iam, person: known, results, logIn: true })
      : { rejected: rejection }
  if ('rejected' in taken) {
    call.app.log.warn(
      { iamid: iam.id, requestId: call.requestId, failure: taken.rejected },
      'log-in refused: the account is not theirs',
    )
    return rejected(new Unauthenticated(refusal), loginFailed(`${iam.id}/${userid}`, taken.rejected))
  }
  const { user, events, error } = taken
  const name = `${user.iamid}/${user.userid}`
  if (user.disabled) return rejected(new Unauthenticated(refusal), ...events, loginFailed(name, refusal))
  if (error) return rejected(error, ...events)
  const issued = await issueToken(call, { userId: user.id, profileId: user.profileId })
  await recordLogin(call.db, user.id, call.now)
  const target = { type: 'session' as const, id: issued.tokenId, name }
  const notTaken = results.flatMap(({ faults, failure }) => [
    ...faults,
    ...(failure === null ? [] : [`the user info endpoint: ${failure}`]),
  ])
  const after = notTaken.length === 0 ? null : { notTaken }
  return { value: issued, events: [...events, { event: 'loginSucceeded', target, after, by: user }] }
}

const loginFailed = (name: string, reason = BAD_LOGIN) =>
  ({ event: 'loginFailed', outcome: 'denied', target: { type: 'session', id: '', name: name.slice(0, 400) }, reason }) as const

async function ownerOfKey(call: ServiceContext, apikey: string): Promise<UserActor> {
  const owner = await actorOf(call.db, apikey, call.now)
  if (owner?.credential.kind === 'impersonation') throw new Forbidden('An impersonation token cannot be used as an API key')
  if (owner?.credential.kind !== 'apikey') throw new Unauthenticated(BAD_KEY)
  return owner
}

async function issueWithKey(
  call: ServiceContext,
  owner: UserActor,
  holder: Parameters<typeof issueToken>[1],
): Promise<IssuedToken> {
  const key = await findApiKey(call.db, owner.credential.id)
  await touchApiKey(call.db, owner.credential.id, call.now)
  return issueToken(call, {
    projectId: owner.credential.projectId,
    ...holder,
    apiKeyId: owner.credential.id,
    until: key?.expiresAt ?? null,
  })
}

async function refuseTarget(call: ServiceContext, target: UserRecord, projectId: number | null): Promise<void> {
  if (target.disabled) throw new Forbidden('A disabled user cannot be impersonated')
  if (target.kind === 'SERVICE') throw new Forbidden('A service account cannot be impersonated: use an API key of its own')
  const administrative = (await grantsOfUsers(call.db, [target.id])).find(grant => isAdministrative(grant.permission))
  if (administrative) throw new Forbidden(`A holder of ${administrative.permission} cannot be impersonated`)
  if (projectId !== null && !(await isProjectMember(call.db, projectId, target.id)))
    throw new Forbidden('The user is not a member of this project')
}

async function invited({ db, now }: ServiceContext, token: string): Promise<number> {
  const parsed = parse(token)
  const userId = parsed?.kind === 'ri' ? await findInvitation(db, parsed.hash, now) : null
  if (userId === null) throw new NotFound(BAD_INVITATION)
  return userId
}

async function checkInvitation(call: ServiceContext, { token, password }: { token: string; password: string }): Promise<string> {
  await invited(call, token)
  call.app.passwordHasher.check('password', password)
  return call.app.passwordHasher.hash(password)
}
