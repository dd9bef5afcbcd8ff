import { isAdministrative, meaningOf } from '../../authorization/permissions.ts'
import { actionsOf } from '../../authorization/policy.ts'
import { catalogue } from '../../domain/users/permission.catalogue.service.ts'
import type { Resolvers } from '../../generated/graphql.ts'

export const permissionResolvers: Resolvers = {
  Query: {
    permissions: (_, args, context) => catalogue.list(context, args),
  },
  Permission: {
    meaning: ({ name }) => meaningOf(name),
    known: ({ name }) => meaningOf(name) !== null,
    administrative: ({ name }) => isAdministrative(name),
    actions: ({ name }) => actionsOf(name),
    holders: ({ name }, _, { loaders }) => loaders.holdersOfPermission.load(name),
    rules: ({ name }, page, { loaders }) => loaders.rulesOfPermission.of(name, page),
  },
  PermissionRule: {
    iam: async ({ iamid }, _, { loaders }) => (await loaders.iamById.load(iamid))!,
  },
}
