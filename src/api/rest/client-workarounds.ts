/** What single clients need that no rule gives. Each has a name, and the reason. */
import type { ListGroupMembersQuery, ListGroupMembersQueryVariables } from '../../generated/operations.ts'
import { readAll } from './read-all-pages.ts'
import type { Workaround } from './route.ts'

type Members = { groupMembers: NonNullable<ListGroupMembersQuery['groupMembers']> }

/** The most that one page holds. */
const WHOLE_PAGE = 10_000

/**
 * The Terraform provider reads a group's members once, without `size`, and takes what it gets for all of them: with the default of 25 it
 * would plan to add the others again at every run. It gets them all (bim-wire-rules "Requests" 6).
 */
export const terraformMembers: Workaround<Members, ListGroupMembersQueryVariables> = {
  applies: (request, query) =>
    request.headers['user-agent']?.startsWith('HashiCorp Terraform/') === true && (query as { size?: number }).size === undefined,
  first: variables => ({ ...variables, first: WHOLE_PAGE }),
  whole: async ({ groupMembers }, again) => ({
    groupMembers: await readAll(groupMembers, async after => (await again({ offset: undefined, after })).groupMembers),
  }),
}
