/** The identity providers, and reading their directories. */
import { ListIamsDocument, SyncIamDocument } from '../generated/operations.ts'
import { fields, flag, json, optional, text } from './input.ts'
import { row } from './row.ts'
import { allOf } from './whole.ts'

export const iamRows = [
  row({
    method: 'GET',
    path: '/bim/iam',
    doc: 'The configured IAMs: their ids, names and types.',
    action: 'iam:list',
    run: ListIamsDocument,
    answers: 'Iams',
    whole: async ({ iams }, again) => ({ iams: await allOf(iams, async after => (await again({ after })).iams) }),
    body: ({ iams }) => iams.nodes,
  }),
  row({
    method: 'POST',
    path: '/bim/syncUsers',
    doc: 'Read users and groups from the directory of an IAM.',
    action: 'iam:sync',
    payload: fields({ iamid: text }),
    run: SyncIamDocument,
    answers: 'Sync',
    variables: ({ payload }) => ({ input: { id: payload.iamid, dryRun: false } }),
    body: ({ syncIam }) => syncIam,
  }),
  row({
    method: 'POST',
    // The one documented path that is not under /bim.
    path: '/iam/:iamId/sync',
    doc: 'Read users and groups from the directory of an IAM; with `dryRun` only tell what would be done.',
    action: 'iam:sync',
    payload: fields({ dryRun: flag, userId: optional(text), iamConfig: optional(json) }),
    run: SyncIamDocument,
    answers: 'Sync',
    variables: ({ params, payload: { dryRun, userId, iamConfig } }) => ({
      input: { id: params.iamId, dryRun, userId, iamConfig },
    }),
    body: ({ syncIam }) => syncIam,
  }),
]
