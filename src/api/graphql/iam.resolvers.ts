import { identities } from '../../diagnostics/diagnostics.service.ts'
import { warningsOf } from '../../domain/iams/config/input.ts'
import { groupPermissions, scimEnabled, scimUrl } from '../../domain/iams/iam.ts'
import { iams } from '../../domain/iams/iams.service.ts'
import { missingIn } from '../../domain/iams/missing-loss.ts'
import { users } from '../../domain/users/users.service.ts'
import { entryIdsOf } from '../../federation/source-ids.ts'
import type { Resolvers } from '../../generated/graphql.ts'
import { deprovisioning } from '../../scim/resources/deprovisioning.service.ts'
import { deleted } from './payloads.ts'
import { alongOf, IAM_FIELDS } from './selected.ts'

const byName = <Input extends { iamid?: string | null }>({ iamid, ...rest }: Input) => ({
  id: iamid as Input['iamid'],
  ...rest,
})

export const iamResolvers: Resolvers = {
  Query: {
    iams: (_, args, context, info) => iams.list(context, { ...args, along: alongOf(info, context, IAM_FIELDS) }),
    iam: (_, { iamid }, context, info) => iams.get(context, { id: iamid, along: alongOf(info, context, IAM_FIELDS) }),
    iamTypes: (_, __, context) => iams.types(context, {}),
    testIam: (_, { input }, context) => identities.test(context, input),
    userInfoDrift: (_, args, context) => identities.drift(context, args),
    simulateIdentity: (_, { input }, context) => identities.simulate(context, input),
  },
  Mutation: {
    createIam: async (_, { input }, context) => ({
      ...(await iams.create(context, byName(input))),
      warnings: warningsOf(input),
    }),
    updateIam: async (_, { input }, context) => ({
      ...(await iams.update(context, byName(input))),
      warnings: warningsOf(input),
    }),
    deleteIam: async (_, { input }, context) => deleted('Iam', await iams.remove(context, byName(input))),
    generateScimKey: (_, { input }, context) => iams.generateScimKey(context, byName(input)),
    resumeDeprovisioning: (_, { input }, context) => deprovisioning.resume(context, byName(input)),
  },
  UserInfoDrift: {
    user: async (drift, _, { loaders }) => (await loaders.userById.load(drift.userId))!,
  },
  Iam: {
    missing: iam => missingIn(iam),
    oauth: iam => iam.type === 'openid',
    scimEnabled,
    scimUrl: (iam, _, context) => (scimEnabled(iam) ? scimUrl(context.app.config.publicUrl, iam.id) : null),
    scimKeys: (iam, _, context) => context.loaders.scimKeysOfIam.load(iam.id),
    scimDeprovisioningHeldAt: async (iam, _, context) => (await context.loaders.scimGuardOfIam.load(iam.id))?.heldAt ?? null,
    defaultPermissions: iam => [...iam.defaultPermissions],
    groupPermissions: async (iam, _, context) => groupPermissions(await context.loaders.groupPermissionsOfIam.load(iam.id)),
    entryIds: entryIdsOf,
    users: ({ id }, page, context) => users.ofIam(context, { iamid: id, page, loaders: context.loaders }),
    syncRuns: ({ id }, page, { loaders }) => loaders.runsOfIam.of(id, page),
    lastSuccessfulSync: ({ id }, _, { loaders }) => loaders.lastSuccessfulRunOfIam.load(id),
    entryIdsMissingSince: iam => iam.idsMissingSince,
  },
}
