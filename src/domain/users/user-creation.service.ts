/** Without a password the user gets a single-use link. */
import { nameOf, type UserRef } from '../../authorization/actor.ts'
import { generateSecret } from '../../authorization/secret.ts'
import { changed, command, type Service, type ServiceContext, type WriteResult } from '../../authorization/service.ts'
import type { CreateUserInput } from '../../generated/inputs.ts'
import { Invalid } from '../../platform/errors.ts'
import { canonical, checkEmail, checkList, checkUserid } from '../../platform/validation.ts'
import { insertInvitation } from '../credentials/credentials.store.ts'
import { setPasswordHash } from '../credentials/password.store.ts'
import { requireIam } from '../iams/iams.store.ts'
import { checkPermissions } from './permissions.service.ts'
import { addLocalPermissions, localPermissions } from './permissions.store.ts'
import { assertMayGrant, assertMayManage } from './privilege-rules.ts'
import { nameColumns, profileColumns } from './profile.ts'
import { assertPerson, targetOf, type UserRecord, withVisibility } from './user.ts'
import { copyEntitlements, grantsOfUsers, insertUser, insertUsers, nameTaken, requireUser, takenNames } from './users.store.ts'

export interface CreatedUser {
  user: UserRecord
  newUserLink: string | null
  emailSent: boolean
  emailFailed: boolean
}

interface ClonedUser {
  users: UserRecord[]
  failedEmails: string[]
}

export const userCreation = {
  create: command(
    'user:create',
    async (call, input: CreateUserInput, prepared: { passwordHash: string | null }): Promise<WriteResult<CreatedUser>> => {
      const iamid = input.iamid ?? 'bim'
      const userid = checkUserid(input.userid, { newBim: iamid === 'bim' })
      const asked = checkPermissions(input.permissions ?? [])
      const profile = { ...nameColumns(userid), ...profileColumns(input.profile ?? {}) }
      assertMayGrant(call, asked)
      const iam = await requireIam(call.db, iamid)
      const names = { iamid, userid, useridKey: canonical(userid) }
      let user = await insertUser(call.db, { ...names, ...profile }, call.now).catch(nameTaken)
      // `bim` copies its defaults; other IAMs' apply live, in the view.
      const held = [...new Set([...(iamid === 'bim' ? iam.defaultPermissions : []), ...asked])]
      // The creator could log in with the password.
      assertMayGrant(call, held)
      await addLocalPermissions(call.db, [user.id], { permissions: held, by: nameOf(call.actor) })
      if (prepared.passwordHash !== null)
        user = await setPasswordHash(call.db, user.id, { passwordHash: prepared.passwordHash, now: call.now })
      const invitation = iamid === 'bim' && prepared.passwordHash === null ? await invite(call, user) : null
      const after = { iamid, userid, name: user.name, email: user.email, permissions: held }
      return {
        ...changed(createUser(withVisibility(user, 'aggregate'), invitation), {
          event: 'userCreated',
          target: targetOf(user),
          after,
        }),
        afterCommit: value => mail(call, value),
      }
    },
    { prepare: hashPassword },
  ),

  invite: command('user:invite', async (call, { ref }: { ref: UserRef }): Promise<WriteResult<CreatedUser>> => {
    const user = await requireUser(call.db, ref)
    assertPerson(user, 'which cannot log in: create an API key for it')
    if (user.iamid !== 'bim') throw new Invalid('ref', `names a user of ${user.iamid}, who sets the password in that system`)
    if (user.disabled) throw new Invalid('ref', 'names a disabled user: enable the account first')
    if (user.authenticationId !== null) throw new Invalid('ref', 'names a user who already has a password: use setPassword')
    // The link is a way to take over the account.
    await assertMayManage(call, user.id)
    const link = await invite(call, user)
    return {
      ...changed(createUser(withVisibility(user, 'aggregate'), link), { event: 'userInvited', target: targetOf(user) }),
      afterCommit: value => mail(call, value),
    }
  }),

  /** One account per address, with the user's entitlements. Needs mail. */
  clone: command(
    'user:clone',
    async (call, { ref, emails }: { ref: UserRef; emails: readonly string[] }): Promise<WriteResult<ClonedUser>> => {
      if (emails.length === 0) throw new Invalid('email', 'must have at least one address')
      if (!call.app.mailer.configured) throw new Invalid('email', 'needs mail: the operator must set SMTP_URL to clone users')
      const wanted = [...new Set(checkList('email', emails).map(email => checkEmail('email', email).toLowerCase()))]
      const addresses = wanted.map(email => checkUserid(email, { newBim: true, field: 'email' }))
      const source = await requireUser(call.db, { ...ref, iamid: 'bim' })
      assertPerson(source, 'which cannot be cloned: create another one')
      const grants = await grantsOfUsers(call.db, [source.id])
      assertMayGrant(call, [...grants.map(grant => grant.permission), ...(await localPermissions(call.db, source.id))])
      const taken = await takenNames(call.db, 'bim', addresses.map(canonical))
      const fresh = addresses.filter(address => !taken.has(canonical(address)))
      const created = await insertUsers(
        call.db,
        fresh.map(address => cloneColumns(address)),
        call.now,
      )
      const ids = created.map(user => user.id)
      await copyEntitlements(call.db, source.id, { toIds: ids, by: nameOf(call.actor) })
      const invitations = created.map(user => ({ user, secret: generateSecret('ri') }))
      await insertInvitations(call, invitations)
      const events = created.map(user => ({
        event: 'userCloned' as const,
        target: targetOf(user),
        after: { clonedFrom: `bim/${source.userid}` },
      }))
      const people = invitations.map(({ user, secret }) =>
        createUser(withVisibility(user, 'aggregate'), linkOf(call, user, secret.secret)),
      )
      const became = new Set(created.map(user => user.userid))
      const failedEmails = addresses.filter(address => !became.has(address))
      return {
        // Before the commit there are no such users to read.
        value: { users: [], failedEmails },
        events,
        afterCommit: async value => {
          await Promise.all(people.map(person => mail(call, person)))
          return { ...value, users: people.map(person => person.user) }
        },
      }
    },
  ),
} satisfies Service

/** Before the transaction, for valid input only. */
async function hashPassword({ app }: ServiceContext, input: CreateUserInput): Promise<{ passwordHash: string | null }> {
  if (input.password == null || input.password === '') return { passwordHash: null }
  if ((input.iamid ?? 'bim') !== 'bim') throw new Invalid('password', 'is for bim users only: others log in at their IAM')
  app.passwordHasher.check('password', input.password)
  return { passwordHash: await app.passwordHasher.hash(input.password) }
}

const cloneColumns = (email: string) => ({
  iamid: 'bim',
  userid: email,
  useridKey: canonical(email),
  email,
  emailKey: canonical(email),
  ...nameColumns(email),
})

const createUser = (user: UserRecord, newUserLink: string | null): CreatedUser => ({
  user,
  newUserLink,
  emailSent: false,
  emailFailed: false,
})

const linkOf = (call: ServiceContext, user: UserRecord, secret: string): string =>
  `${call.app.config.publicUrl}/login?token=${secret}&userid=${encodeURIComponent(user.userid)}&name=${encodeURIComponent(user.name)}`

const expiry = (call: ServiceContext): Date => new Date(call.now.getTime() + call.app.config.invitationSeconds * 1000)

async function invite(call: ServiceContext, user: UserRecord): Promise<string> {
  const secret = generateSecret('ri')
  await insertInvitation(call.db, [{ userId: user.id, hash: secret.hash, prefix: secret.prefix, expiresAt: expiry(call) }])
  return linkOf(call, user, secret.secret)
}

const insertInvitations = (
  call: ServiceContext,
  invitations: { user: UserRecord; secret: ReturnType<typeof generateSecret> }[],
) =>
  insertInvitation(
    call.db,
    invitations.map(({ user, secret }) => ({
      userId: user.id,
      hash: secret.hash,
      prefix: secret.prefix,
      expiresAt: expiry(call),
    })),
  )

async function mail(call: ServiceContext, person: CreatedUser): Promise<CreatedUser> {
  const { user, newUserLink } = person
  if (newUserLink === null || user.email === null || !call.app.mailer.configured) return person
  const to = { to: user.email, name: user.name, userid: user.userid, link: newUserLink, expires: expiry(call) }
  const emailSent = await call.app.mailer.sendInvitation(to)
  return { ...person, emailSent, emailFailed: !emailSent }
}
