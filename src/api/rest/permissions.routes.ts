import { RevokeUserPermissionDocument, SetUserPermissionsDocument } from '../../generated/operations.ts'
import { fields, list, text } from './request.schemas.ts'
import { defineRoute } from './route.ts'
import { changedUser } from './serializers.ts'

export const permissionRoutes = [
  defineRoute({
    method: ['PUT', 'POST'],
    path: '/bim/iam/:iamid/user/:userid/permissions',
    doc: 'Replace the local permissions.',
    action: 'user:setPermissions',
    payload: fields({ permissions: list(text) }, { bare: 'permissions' }),
    run: SetUserPermissionsDocument,
    answers: 'ChangedUser',
    variables: ({ params, payload }) => ({ input: { ref: { name: params }, permissions: payload.permissions } }),
    body: ({ setUserPermissions: { user } }) => changedUser(user),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/bim/iam/:iamid/user/:userid/permissions/:permission',
    doc: 'Remove a local permission. 404 if the user does not hold it; 409 if it comes from a group or an IAM, which the message names.',
    action: 'user:setPermissions',
    run: RevokeUserPermissionDocument,
    answers: 'ChangedUser',
    variables: ({ params: { permission, ...ref } }) => ({ input: { ref: { name: ref }, permission } }),
    body: ({ revokeUserPermission: { user } }) => changedUser(user),
  }),
]
