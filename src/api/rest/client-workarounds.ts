import type { ListGroupMembersQuery, ListGroupMembersQueryVariables } from '../../generated/operations.ts'
import { readAll } from './read-all-pages.ts'
import type { Workaround } from './route.ts'

type Members = { groupMembers: NonNullable<ListGroupMembersQuery['groupMembers']> }

const WHOLE_PAGE = 10_000

/**
 * The Terraform provider reads members once, without `size`, and would add the missing ones again
 * (bim-wire-rules "Requests" 6).
 */
export const terraformMembers: Workaround<Members, ListGroupMembersQueryVariables> = {
  applies: (request, query) =>
    request.headers['user-agent']?.startsWith('HashiCorp Terraform/') === true && (query as { size?: number }).size === undefined,
  first: variables => ({ ...variables, first: WHOLE_PAGE }),
  whole: async ({ groupMembers }, again) => ({
    groupMembers: await readAll(groupMembers, async after => (await again({ offset: undefined, after })).groupMembers),
  }),
}
