import { domainPermissionWarnings } from '../../authorization/permission-warnings.ts'
import { domains } from '../../domain/projects/domains.service.ts'
import { projects } from '../../domain/projects/projects.service.ts'
import { dataSources } from '../../domain/projects/sources.service.ts'
import type { GrantDomainPermissionInput, Resolvers } from '../../generated/graphql.ts'
import { byId, deleted } from './payloads.ts'

const granted = ({ ref, permission, holder }: GrantDomainPermissionInput) => ({ domainId: ref, permission, ...holder })

export const projectResolvers: Resolvers = {
  Query: {
    projects: (_, args, context) => projects.list(context, args),
    domains: (_, args, context) => domains.list(context, args),
    dataSources: (_, args, context) => dataSources.list(context, args),
  },
  Mutation: {
    createProject: async (_, { input }, context) => ({ project: await projects.create(context, input) }),
    deleteProject: async (_, { input }, context) => deleted('Project', await projects.remove(context, byId(input))),
    changeProjectMembers: async (_, { input }, context) => ({ project: await projects.changeMembers(context, byId(input)) }),
    createDomain: async (_, { input }, context) => ({ domain: await domains.create(context, input) }),
    deleteDomain: async (_, { input }, context) => deleted('Domain', await domains.remove(context, byId(input))),
    grantDomainPermission: async (_, { input }, context) => ({
      domainPermission: await domains.grant(context, granted(input)),
      warnings: domainPermissionWarnings('permission', input.permission),
    }),
    revokeDomainPermission: async (_, { input }, context) =>
      deleted('DomainPermission', await domains.revoke(context, byId(input))),
    createDataSource: async (_, { input }, context) => ({ dataSource: await dataSources.create(context, input) }),
    deleteDataSource: async (_, { input }, context) => deleted('DataSource', await dataSources.remove(context, byId(input))),
    changeDataSourceOwners: async (_, { input }, context) => ({
      dataSource: await dataSources.changeOwners(context, byId(input)),
    }),
  },
  Project: {
    createdBy: ({ createdBy }, _, { loaders }) => (createdBy === null ? null : loaders.userById.load(createdBy)),
    createdByUserId: project => project.createdBy,
    updatedBy: ({ updatedBy }, _, { loaders }) => (updatedBy === null ? null : loaders.userById.load(updatedBy)),
    updatedByUserId: project => project.updatedBy,
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
