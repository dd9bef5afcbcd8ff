import type { ReadCurrentUserQuery, ReadCurrentUserQueryVariables } from '../../generated/operations.ts'
import { readAll } from './read-all-pages.ts'
import type { ReadAll } from './route.ts'
import { aggregatedUser } from './serializers.ts'

type Viewer = NonNullable<ReadCurrentUserQuery['viewer']>

export const viewerDocument: ReadAll<{ viewer: Viewer }, ReadCurrentUserQueryVariables> = async (
  { viewer: { user, ...rest } },
  again,
) => ({
  viewer: {
    ...rest,
    user: {
      ...user,
      groups:
        user.groups && (await readAll(user.groups, async groupsAfter => (await again({ groupsAfter })).viewer.user.groups!)),
      domainPermissions:
        user.domainPermissions &&
        (await readAll(
          user.domainPermissions,
          async permissionsAfter => (await again({ permissionsAfter })).viewer.user.domainPermissions!,
        )),
    },
  },
})

export function currentUser({
  user: { currentProject, domainPermissions, groups, isDataSourceOwner, ...user },
  impersonator,
}: Viewer) {
  return {
    ...aggregatedUser(user),
    ...(currentProject && { projectId: currentProject.id }),
    collectionPermissions: byDomain(domainPermissions?.nodes ?? [], user.profile.id),
    // Ids here, names in search hits.
    groups: (groups?.nodes ?? []).map(group => group.id),
    isDataSourceOwner,
    ...(impersonator && { impersonationuserid: impersonator.userid, impersonationiamid: impersonator.iamid }),
  }
}

/** The vendor calls a domain a collection. */
function byDomain(permissions: NonNullable<Viewer['user']['domainPermissions']>['nodes'], profileId: number) {
  const grants = permissions.map(({ domain, group, ...rest }) => ({
    ...rest,
    collectionId: domain.id,
    profileId: group === null ? profileId : null,
    groupId: group?.id ?? null,
  }))
  return Object.groupBy(grants, grant => grant.collectionId)
}
