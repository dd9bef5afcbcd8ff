import Type, { type Static, type TObject } from 'typebox'
import { ReadProfileDocument, SetPasswordDocument, UpdateProfileDocument } from '../../generated/operations.ts'
import { userOrId } from './params.ts'
import { fields, json, nullable, optional, text } from './request.schemas.ts'
import { defineRoute } from './route.ts'
import { profile, visibleProfile } from './serializers.ts'

const changeable = {
  email: optional(nullable(text)),
  phone: optional(nullable(text)),
  about: optional(nullable(text)),
  location: optional(nullable(text)),
  organization: optional(nullable(text)),
  position: optional(nullable(text)),
  sqlUser: optional(nullable(text)),
  preferences: optional(nullable(json)),
  externalUserIds: optional(nullable(json)),
}

export const newProfile = Type.Object({ name: optional(nullable(text)), ...changeable })

type Changes = Static<TObject<typeof changeable>>

/** Keeps editable fields: clients send back whole profiles. */
export function changesOf(given: Changes): Changes {
  return Object.fromEntries(Object.entries(given).filter(([name]) => Object.hasOwn(changeable, name)))
}

export const profileRoutes = [
  defineRoute({
    method: 'GET',
    path: '/bim/iam/:iamid/user/:userid/profile',
    doc: "A user's profile; of others without what is private. `userid` is the username, or the user id when it is all digits.",
    action: 'user:readProfile',
    run: ReadProfileDocument,
    answers: 'VisibleProfile',
    variables: ({ params }) => ({ ref: userOrId(params.iamid, params.userid) }),
    body: data => visibleProfile(data.profile),
  }),
  defineRoute({
    method: ['PUT', 'POST'],
    path: '/bim/iam/:iamid/user/:userid/profile',
    doc: "Update a user's profile: what is left out stays, `externalUserIds` and `preferences` are replaced as a whole.",
    action: 'user:updateProfile',
    owner: ({ iamid, userid }) => ({ iamid, userid }),
    payload: fields(changeable),
    run: UpdateProfileDocument,
    answers: 'Profile',
    variables: ({ params, payload }) => ({ input: { ref: { name: params }, profile: changesOf(payload) } }),
    body: ({ updateProfile: { user } }) => profile(user.profile),
  }),
  defineRoute({
    method: 'PUT',
    path: '/bim/iam/:iamid/user/:userid/password',
    doc: "Change a user's password: one's own with the original one, or anyone's for a USER_ADMIN, without.",
    action: 'user:setPassword',
    owner: ({ iamid, userid }) => ({ iamid, userid }),
    payload: fields({ password: text, originalPassword: optional(nullable(text)) }),
    run: SetPasswordDocument,
    answers: 'Success',
    variables: ({ params, payload: { password, originalPassword } }) => ({
      input: { ref: { name: params }, password, originalPassword },
    }),
    body: ({ setPassword }) => setPassword,
  }),
]
