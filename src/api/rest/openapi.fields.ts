/** Documentation of parameters and fields of bodies. The services check the limits. */

interface Limits {
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly format?: string
}
export interface FieldDoc {
  readonly description: string
  readonly example: unknown
  /** Of the text, or of each text of a list. */
  readonly limits?: Limits
}
type Docs = Readonly<Record<string, FieldDoc>>

const doc = (description: string, example: unknown, limits?: Limits): FieldDoc => ({
  description,
  example,
  ...(limits && { limits }),
})

const NAME = { minLength: 1, maxLength: 254 }
const VALUE = { minLength: 1, maxLength: 1024 }
const TEXT = { maxLength: 10_000 }
const PART = { maxLength: 1024 }
const PASSWORD = { maxLength: 1024 }
const IAMID = { pattern: '^[A-Za-z][A-Za-z0-9_-]{0,63}$' }
const PERMISSION = { pattern: '^[A-Z][A-Z0-9_]{1,63}$' }
const UUID = { format: 'uuid' }

const people: Docs = {
  userid: doc('The username, unique within its identity source without case.', 'ana@example.org', NAME),
  username: doc('The username, compared without case.', 'ana@example.org', NAME),
  password: doc('The password.', 'correct horse battery', PASSWORD),
  originalPassword: doc("The current password, which changing one's own needs.", 'staple horse correct', PASSWORD),
  profile: doc('The profile of the new user.', { name: 'Ana Lopes', email: 'ana@example.org' }),
  email: doc('The e-mail address; null or an empty text removes it.', 'ana@example.org', { maxLength: 254 }),
  phone: doc('The telephone number; null removes it.', '+351 21 000 0000', TEXT),
  about: doc('Free text of the person; null removes it.', 'Works on the data platform.', TEXT),
  location: doc('Where the person works; null removes it.', 'Lisbon', TEXT),
  organization: doc('The organisation or department; null removes it.', 'Engineering', TEXT),
  position: doc('The job title; null removes it.', 'Engineer', TEXT),
  sqlUser: doc('The name in databases; null removes it.', 'ana', TEXT),
  preferences: doc('Settings of clients, replaced as a whole: at most 65,536 bytes.', { theme: 'dark' }),
  externalUserIds: doc('Names in other systems, replaced as a whole. Values are texts or null.', { snowflakeUser: 'ANA' }),
  permissions: doc('Local permissions, at most 1,000.', ['CREATE_PROJECT'], PERMISSION),
  permission: doc('The permission.', 'CREATE_PROJECT', PERMISSION),
}

const places: Docs = {
  iamid: doc('The id of the identity source; `bim` is the built-in one.', 'bim', IAMID),
  iamId: doc('The id of the identity source.', 'corp', IAMID),
  id: doc('The username, or the user id when it is all digits.', 'ana@example.org', NAME),
  disable: doc('True disables the user, false enables.', true),
  modelType: doc('Whether `modelId` is of a user or of a group.', 'user'),
  modelId: doc('The username, a user id of digits, or the id of the group.', 'ana@example.org', NAME),
  groupId: doc('The id of the group.', 7),
  groupuserid: doc('The id of the membership, not of the user.', 12),
  keyid: doc('The id of the API key.', 3),
  attributeName: doc('The key of the attribute; dots and case are kept.', 'department', NAME),
  attributeValue: doc('The value of the attribute.', 'Engineering', VALUE),
  key: doc('The key of the attribute, compared without case.', 'department', NAME),
  value: doc('The value of the attribute, compared exactly.', 'Engineering', VALUE),
}

const lists: Docs = {
  size: doc('The size of the page; 25 unless given.', 100),
  offset: doc('How many entries to skip.', 0),
  sortField: doc('What the list is sorted by.', 'name'),
  sortOrder: doc('The direction; ascending unless given.', 'asc'),
  ids: doc('Only groups with one of these ids.', [7, 8]),
  profileIds: doc('Only users with one of these profile ids.', [3]),
  excludeSystemGenerated: doc('Leaves out users that Roster made itself.', true),
  excludeAdminAndGovernor: doc('Leaves out holders of APPLICATION_ADMIN, USER_ADMIN or GOVERNANCE.', true),
  excludeDeletedIams: doc('Leaves out users of removed identity sources; true unless given.', true),
  excludeBIM: doc('Leaves out users of the built-in identity source.', false),
  includeDisabled: doc('Whether disabled users are in the list; false unless given.', true),
  includeEnabled: doc('Whether enabled users are in the list; true unless given.', true),
  nameOnly: doc('Whether only the distinct names are answered.', false),
}

const others: Docs = {
  name: doc('The name.', 'Engineering', NAME),
  description: doc('Free text; null or an empty text removes it.', 'People who build.', TEXT),
  projectId: doc('The id of the project.', 4),
  apikey: doc('The API key; without it the one in the header Authorization.', 'rk_example'),
  token: doc('The token.', 'rt_example'),
  domainPermission: doc('Only users with this permission within a domain.', 'MANAGE_IDENTITIES'),
  domainId: doc('The id of the domain.', '5f0c7a52-6d0e-4f0b-8f4e-5a7f4b1d2c3e', UUID),
  globalUserIds: doc('Only users with one of these global ids.', ['5f0c7a52-6d0e-4f0b-8f4e-5a7f4b1d2c3e']),
  groupNames: doc('Only members of a group with one of these names.', ['Engineering']),
  groupIds: doc('Only members of one of these groups.', [7]),
  userAttributes: doc('Only users with one of these attributes.', [{ key: 'department', value: 'Engineering' }]),
  dryRun: doc('True only reports what would change.', true),
  userId: doc('Only this user of the source.', 'ana@example.org', NAME),
  iamConfig: doc('A configuration to try instead of the stored one, with `dryRun`.', { options: {} }),
  schema: doc('The attribute mapping of the configuration to try.', {}),
  supportedActions: doc('What the configuration to try may do.', ['syncUsers']),
}

const FIELDS: Docs = { ...people, ...places, ...lists, ...others }

const search: Docs = {
  name: doc('A part of the name, without case.', 'ana', PART),
  userid: doc('A part of the username, without case.', 'ana', PART),
  email: doc('A part of the e-mail address, without case.', '@example.org', PART),
  iamid: doc('Only users of these identity sources.', ['bim', 'corp']),
  permission: doc('Only holders of this permission, local or not.', 'AUDIT'),
}
/** Names that mean something else in one operation. */
const OF_OPERATION: Readonly<Record<string, Docs>> = {
  'GET /bim/user': search,
  'POST /bim/user/search': search,
  'GET /bim/group': {
    name: doc('A part of the name, without case.', 'eng', PART),
    userid: doc('Only groups of the user with this id.', 5),
    iamid: doc('Only groups of these identity sources.', ['bim', 'corp']),
  },
  'POST /bim/apikey': { name: doc('The name of the key.', 'nightly export', NAME) },
  'POST /bim/iam/bim/user': {
    password: doc('Without one, or with an empty text, the answer has a link to set it.', 'correct horse battery', PASSWORD),
    name: doc('The name; the username unless given.', 'Ana Lopes', { maxLength: 254 }),
  },
  'POST /bim/iam/bim/user/:userid/clone': {
    email: doc('The addresses of the new users.', ['ben@example.org'], { maxLength: 254 }),
  },
  'POST /bim/group': { email: doc('The e-mail address of the group.', 'engineering@example.org', { maxLength: 254 }) },
  'PUT /bim/group/:groupId': {
    email: doc('The e-mail address; null removes it.', 'engineering@example.org', { maxLength: 254 }),
  },
}

/** Throws for a field without documentation. `operation`: such as `GET /bim/user`. */
export function documentationOf(operation: string, name: string): FieldDoc {
  const found = [OF_OPERATION[operation], FIELDS].find(docs => docs && Object.hasOwn(docs, name))?.[name]
  if (found === undefined) throw new Error(`${name} of ${operation} has no description`)
  return found
}
