/** Response schemas, for OpenAPI; a test checks responses against them. */
import Type, { type TProperties, type TSchema } from 'typebox'
import { flag, nullable, optional, text } from './request.schemas.ts'

const time = Type.String({ format: 'date-time' })
const number = Type.Integer()
const anything = Type.Unknown()
const lists = Type.Object({}, { additionalProperties: Type.Array(text), description: '{key: [values]}' })
const open = Type.Object({}, { additionalProperties: true })
const ids = Type.Object({ databricksUserObject: optional(open) }, { additionalProperties: nullable(text) })
const nullableText = nullable(text)
const list = <Item extends TSchema>(items: Item) => Type.Array(items)
const object = <Properties extends TProperties>(properties: Properties) => Type.Object(properties)

const stamps = { createdAt: time, updatedAt: time }
const person = {
  name: text,
  email: nullableText,
  about: nullableText,
  location: nullableText,
  organization: nullableText,
  position: nullableText,
}
const hidden = 'Left out for others than the user and a USER_ADMIN'

const profile = object({
  ...person,
  phone: nullableText,
  preferences: nullable(open),
  externalUserIds: ids,
  scim: nullable(open),
  systemGenerated: flag,
  id: number,
  ...stamps,
})
const visibleProfile = object({
  ...person,
  phone: optional(Type.Union([text, Type.Null()], { description: hidden })),
  preferences: optional(Type.Union([open, Type.Null()], { description: hidden })),
  externalUserIds: optional(ids),
  scim: optional(nullable(open)),
  systemGenerated: flag,
  id: number,
  ...stamps,
})

const attributes = { bimAuthorizations: nullable(lists), iamAuthorizations: nullable(lists), authorizations: lists }
const state = {
  systemGenerated: flag,
  lastLogin: nullable(time),
  lastExternalRefresh: time,
  disabled: flag,
}
const changed = {
  id: number,
  iamid: text,
  userid: text,
  ...attributes,
  permissions: list(text),
  authentication: nullable(number),
  ...state,
  ...stamps,
}
const changedUser = object({ ...changed, profile: number })

const aggregated = {
  iamid: text,
  userid: text,
  ...attributes,
  permissions: list(text),
  profile,
  hasLogin: flag,
  ...state,
  updatedAt: time,
}

/** Absent is unset or hidden; never null. */
const userHit = object({
  id: number,
  iamid: text,
  userid: text,
  globalUserId: optional(text),
  bimAuthorizations: optional(lists),
  iamAuthorizations: optional(lists),
  authorizations: optional(lists),
  permissions: list(text),
  groupPermissions: optional(list(text)),
  profile: object({
    name: text,
    email: optional(text),
    phone: optional(text),
    about: optional(text),
    location: optional(text),
    organization: optional(text),
    position: optional(text),
    preferences: optional(open),
    externalUserIds: optional(ids),
    scim: optional(open),
    systemGenerated: flag,
    id: number,
    ...stamps,
  }),
  authentication: optional(number),
  systemGenerated: flag,
  lastLogin: optional(time),
  lastExternalRefresh: time,
  disabled: flag,
  hasLogin: optional(flag),
  groups: optional(list(text)),
  projectId: optional(number),
  ...stamps,
})

const group = {
  id: number,
  iamid: text,
  name: text,
  gid: nullableText,
  email: nullableText,
  description: nullableText,
  ...stamps,
}
const changedGroup = object({ ...group, authorizations: nullable(lists), scim: nullable(open), scimid: nullableText })

const member = object({
  id: number,
  group: number,
  profile: object({ ...person, phone: nullableText, preferences: nullable(open), id: number, ...stamps }),
  userid: text,
  iamid: text,
  disabled: flag,
  ...stamps,
})

const synced = list(object({ userId: text, dn: text }))

const project = object({
  projectKey: text,
  name: text,
  status: text,
  description: nullableText,
  documentation: nullableText,
  deleted: flag,
  allowMaskedJoins: flag,
  subscriptionType: text,
  subscriptionPolicy: Type.Null(),
  equalization: Type.Null(),
  snowflake: Type.Null(),
  type: text,
  schema: nullableText,
  id: number,
  workspace: Type.Null(),
  createdBy: nullable(number),
  updatedBy: nullable(number),
  schemaEvolutionId: Type.Null(),
  ...stamps,
})

export const answers = {
  Nothing: object({}),
  NewUser: object({
    newUser: object({ ...changed, profile }),
    newUserLink: nullableText,
    emailFailed: flag,
    emailSent: flag,
  }),
  UserHits: object({ count: text, hits: list(userHit) }),
  CurrentUser: object({
    ...aggregated,
    projectId: optional(number),
    collectionPermissions: Type.Object({}, { additionalProperties: list(anything) }),
    groups: list(number),
    isDataSourceOwner: flag,
    impersonationuserid: optional(text),
    impersonationiamid: optional(text),
  }),
  AggregatedUser: object(aggregated),
  ChangedUser: changedUser,
  Profile: profile,
  VisibleProfile: visibleProfile,
  Disabled: object({ userid: text, disabled: flag }),
  Success: object({ success: flag }),
  Clones: object({ failedEmails: list(text) }),
  ChangedOwner: Type.Union([changedUser, changedGroup]),
  ChangedGroup: changedGroup,
  Group: object({ ...group, authorizations: nullable(lists) }),
  IamGroup: object({
    ...group,
    bimAuthorizations: nullable(lists),
    iamAuthorizations: nullable(lists),
    authorizations: nullable(lists),
  }),
  GroupHits: object({
    count: text,
    hits: list(Type.Union([object({ ...group, authorizations: optional(nullable(lists)) }), object({ name: text })])),
  }),
  UserGroups: list(object({ id: number, name: text, iamid: text, groupUser: number })),
  MemberHits: object({ count: number, hits: list(Type.Union([member, object({ profile: object({ name: text }) })])) }),
  Membership: object({ id: number, group: number, profile: number, ...stamps }),
  Iams: list(object({ id: text, displayName: text, type: text, oauth: flag })),
  Sync: object({
    totalCount: number,
    importedUsers: synced,
    refreshedUsers: synced,
    disabledUsers: synced,
    enabledUsers: synced,
    runningInBackground: flag,
    count: number,
  }),
  LogIn: object({ authenticated: flag, token: text, tokenExpiration: time, profileId: number }),
  FreshToken: object({ authenticated: flag, token: text }),
  FreshApiKey: object({ apikey: text, keyid: number, project: nullable(number), name: nullableText, context: Type.Null() }),
  ApiKeys: list(
    object({
      keyid: number,
      created: time,
      project: nullable(project),
      lastUsed: nullable(time),
      name: nullableText,
      context: Type.Null(),
    }),
  ),
  UserInfo: object({ groups: list(object({ name: text })), authorizations: lists }),
  RevokedTokens: object({ revokedTokens: number }),
  TokenInformation: object({
    id: number,
    type: text,
    iamid: text,
    userid: text,
    project: nullable(number),
    context: Type.Null(),
    token: text,
    created: time,
    lastUsed: time,
    expiration: time,
    name: Type.Null(),
    application: Type.Null(),
    derivedFrom: Type.Null(),
    scopes: nullableText,
    impersonationuserid: nullableText,
    impersonationiamid: nullableText,
    ...stamps,
  }),
} satisfies Record<string, TSchema>

export type ResponseSchema = keyof typeof answers
