import { domainPermissionWarnings } from '../../authorization/permission-warnings.ts'
import { domains } from '../../domain/projects/domains.service.ts'
import { projects } from '../../domain/projects/projects.service.ts'
import { dataSources } from '../../domain/projects/sources.service.ts'
import type { Resolvers } from '../../generated/graphql.ts'

export const projectResolvers: Resolvers = {
  Query: {
    projects: (_, args, context) => projects.list(context, args),
    domains: (_, args, context) => domains.list(context, args),
    dataSources: (_, args, context) => dataSources.list(context, args),
  },
  Mutation: {
    createProject: async (_, { input }, context) => ({ project: await projects.create(context, input) }),
    deleteProject: (_, { input }, context) => projects.remove(context, input),
    changeProjectMembers: async (_, { input }, context) => ({ project: await projects.changeMembers(context, input) }),
    createDomain: async (_, { input }, context) => ({ domain: await domains.create(context, input) }),
    deleteDomain: (_, { input }, context) => domains.remove(context, input),
    grantDomainPermission: async (_, { input }, context) => ({
      domainPermission: await domains.grant(context, input),
      warnings: domainPermissionWarnings('permission', input.permission),
    }),
    revokeDomainPermission: (_, { input }, context) => domains.revoke(context, input),
    createDataSource: async (_, { input }, context) => ({ dataSource: await dataSources.create(context, input) }),
    deleteDataSource: (_, { input }, context) => dataSources.remove(context, input),
    changeDataSourceOwners: async (_, { input }, context) => ({ dataSource: await dataSources.changeOwners(context, input) }),
  },
  Project: {
    members: ({ id }, page, context) => context.loaders.membersOfProject.of(id, page),
  },
  Domain: {
    permissions: ({ id }, page, context) => context.loaders.permissionsOfDomain.of(id, page),
  },
  DomainPermission: {
    domain: async ({ domainId }, _, context) => (await context.loaders.domainById.load(domainId))!,
    user: ({ userId }, _, context) => (userId === null ? null : context.loaders.userById.load(userId)),
    group: ({ groupId }, _, context) => (groupId === null ? null : context.loaders.groupById.load(groupId)),
  },
  DataSource: {
    owners: ({ id }, page, { loaders }) => loaders.ownersOfDataSource.of(id, page),
  },
}
