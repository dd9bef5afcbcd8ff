import { ListIamsDocument, SyncIamDocument } from '../../generated/operations.ts'
import { enums } from '../graphql/enums.ts'
import { readAll } from './read-all-pages.ts'
import { fields, flag, json, list, optional, text } from './request.schemas.ts'
import { defineRoute } from './route.ts'

export const iamRoutes = [
  defineRoute({
    method: 'GET',
    path: '/bim/iam',
    doc: 'The configured IAMs: their ids, names and types.',
    action: 'iam:list',
    run: ListIamsDocument,
    answers: 'Iams',
    whole: async ({ iams }, again) => ({ iams: await readAll(iams, async after => (await again({ after })).iams) }),
    body: ({ iams }) => iams.nodes.map(iam => ({ ...iam, type: enums.IamKind[iam.type] })),
  }),
  defineRoute({
    method: 'POST',
    path: '/bim/syncUsers',
    doc: 'Read users and groups from the directory of an IAM.',
    action: 'iam:sync',
    payload: fields({ iamid: text }),
    run: SyncIamDocument,
    answers: 'Sync',
    variables: ({ payload }) => ({ input: { iamid: payload.iamid, dryRun: false } }),
    body: ({ syncIam }) => syncIam,
  }),
  defineRoute({
    method: 'POST',
    path: '/iam/:iamId/sync',
    doc: 'Read users and groups from the directory of an IAM; with `dryRun` only report the changes.',
    action: 'iam:sync',
    payload: fields({
      dryRun: flag,
      userId: optional(text),
      iamConfig: optional(json),
      schema: optional(json),
      supportedActions: optional(list(text)),
    }),
    run: SyncIamDocument,
    answers: 'Sync',
    variables: ({ params, payload: { dryRun, userId, iamConfig, ...beside } }) => ({
      input: { iamid: params.iamId, dryRun, userId, iamConfig: tried(iamConfig, beside) },
    }),
    body: ({ syncIam }) => syncIam,
  }),
]

/**
 * The reference puts `schema` and `supportedActions` beside or inside `iamConfig`; the inner ones win. The path
 * names the IAM.
 */
function tried(iamConfig: unknown, beside: { schema?: unknown; supportedActions?: unknown }): unknown {
  if (typeof iamConfig !== 'object' || iamConfig === null || Array.isArray(iamConfig)) return iamConfig
  const { id: _, ...config } = iamConfig as Record<string, unknown>
  const given = Object.fromEntries(Object.entries(beside).filter(([, value]) => value != null))
  return { ...given, ...config }
}
