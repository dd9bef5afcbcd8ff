import type { HttpResponse } from '../../platform/http/types.ts'
import { userType } from '../protocol/schema.ts'
import type { ScimUserRecord } from '../resources/user.ts'
import { scimUsers } from '../resources/users.service.ts'
import { isShown, type SearchParams } from './query.ts'
import { answer, serializeUser } from './representation.ts'
import { resourceRoutes } from './resource.routes.ts'

const type = userType({})

export const userRoutes = resourceRoutes({
  name: 'Users',
  type,
  serialize: serializeUser,
  shown: asked => ({ groups: isShown(asked, 'groups') }),
  service: scimUsers,
})

export const createdUser = (base: string, user: ScimUserRecord, asked: SearchParams): HttpResponse =>
  answer({ status: 201, type, shaped: serializeUser(base, user), asked })
