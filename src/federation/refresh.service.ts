import type { UserRef } from '../authorization/actor.ts'
import { command, type Service, type ServiceContext, type WriteResult } from '../authorization/service.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import { requireIam } from '../domain/iams/iams.store.ts'
import { assertPerson, type UserRecord, withVisibility } from '../domain/users/user.ts'
import { requireUser } from '../domain/users/users.store.ts'
import { Conflict, Invalid, NotFound } from '../platform/errors.ts'
import { accountOf } from './account-lookup.ts'
import { directoryOf, entryOfUser, mapEntry, withExchange } from './directory.ts'
import { applySourceResults, fetchUserInfo, type SourceResult } from './source-result.ts'

interface ByRef {
  ref: UserRef
}

interface FetchedUser {
  readonly iam: Pick<IamRecord, 'id' | 'config'>
  readonly results: readonly SourceResult[]
}

async function fetchFromSources(call: ServiceContext, { ref }: ByRef): Promise<FetchedUser> {
  const user = await requireUser(call.db, ref)
  assertPerson(user, 'which no source knows')
  const iam = await requireIam(call.db, user.iamid)
  const directory = await directoryOf(call, iam)
  const entry =
    directory &&
    (await withExchange(call, { iam, asked: 'find', userid: user.userid, ask: () => entryOfUser(directory, iam, user) }))
  if (directory && entry === null) throw new NotFound(`The directory of ${iam.id} has no ${user.userid}: nothing was changed`)
  const own = entry && mapEntry(iam, entry)
  const about = await fetchUserInfo(
    call,
    iam,
    own === null ? user.userid : (await accountOf(call.db, { iam, entry: entry!, identity: own.identity! })).userid,
  )
  if (user.iamid !== 'bim' && entry === null && about === null)
    throw new Invalid('iamid', `names the IAM ${user.iamid}, which has no directory or user info endpoint to refresh from`)
  return { iam, results: [...(own === null ? [] : [own]), ...(about === null ? [] : [about])] }
}

export const refreshes = {
  user: command(
    'user:refresh',
    async (call, { ref }: ByRef, fetched: FetchedUser): Promise<WriteResult<UserRecord>> => {
      const user = await requireUser(call.db, ref)
      const taken = await applySourceResults(call, { iam: fetched.iam, person: user, results: fetched.results })
      if ('rejected' in taken) throw new Conflict(`Nothing was changed: ${taken.rejected}`)
      const { events, error } = taken
      const value = withVisibility(await requireUser(call.db, { id: user.id }), 'aggregate')
      return { value, events, ...(error && { error }) }
    },
    { prepare: fetchFromSources },
  ),
} satisfies Service
