import type { Loaders } from '../../authorization/context.ts'
import { type Edges, oneAlong } from '../../platform/database/edges.ts'
import { PROJECT_COLUMNS } from '../projects/project.ts'
import { USER_COLUMNS } from '../users/user.ts'
import type { ApiKeyRecord, TokenRecord } from './credential.ts'

const user = oneAlong(
  USER_COLUMNS,
  'users u WHERE u.id = page."userId"',
  (loaders: Loaders, { userId }: { userId: number }, found) => loaders.userById.prime(userId, found),
)
const project = oneAlong(
  PROJECT_COLUMNS,
  'projects p WHERE p.id = page."projectId"',
  (loaders: Loaders, { projectId }: { projectId: number | null }, found) =>
    projectId !== null && loaders.projectById.prime(projectId, found),
)

export const KEY_EDGES: Edges<ApiKeyRecord, Loaders> = { user, project }
export const TOKEN_EDGES: Edges<TokenRecord, Loaders> = { user, project }
