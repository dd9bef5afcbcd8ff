import type { Attribute, Schema } from './schema.types.ts'

type Rest = Partial<Omit<Attribute, 'name' | 'description'>>

const attribute = (name: string, description: string, rest: Rest = {}): Attribute => ({
  name,
  type: 'string',
  multiValued: false,
  description,
  required: false,
  caseExact: false,
  mutability: 'readWrite',
  returned: 'default',
  uniqueness: 'none',
  ...rest,
})
const complex = (name: string, description: string, { subAttributes, ...rest }: Rest & { subAttributes: readonly Attribute[] }) =>
  attribute(name, description, { type: 'complex', subAttributes, ...rest })
const reference = (
  name: string,
  description: string,
  { referenceTypes, ...rest }: Rest & { referenceTypes: readonly string[] },
) => attribute(name, description, { type: 'reference', caseExact: true, referenceTypes, ...rest })

/** RFC 7643 8.7.1: others are accepted too. */
const suggested = (canonicalValues: readonly string[]): Rest => (canonicalValues.length > 0 ? { canonicalValues } : {})

const plural = (
  name: string,
  description: string,
  { types = [], value = attribute('value', 'The value') }: { types?: readonly string[]; value?: Attribute } = {},
) =>
  complex(name, description, {
    subAttributes: [
      value,
      attribute('display', 'A name to show, for people'),
      attribute('type', 'What the value is for, such as work or home', suggested(types)),
      attribute('primary', 'Whether it is the preferred one; true at most once', { type: 'boolean' }),
    ],
    multiValued: true,
  })

export const CORE_USER = 'urn:ietf:params:scim:schemas:core:2.0:User'
export const CORE_GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group'
export const ENTERPRISE_USER = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

/** RFC 7643 3.1: in every resource, in no schema. */
export const common: readonly Attribute[] = [
  attribute('schemas', 'The schemas of the resource', {
    multiValued: true,
    caseExact: true,
    returned: 'always',
    mutability: 'readOnly',
  }),
  attribute('id', 'Our id of the resource', {
    caseExact: true,
    mutability: 'readOnly',
    returned: 'always',
    uniqueness: 'server',
  }),
  attribute('externalId', "The provider's id of the resource", { caseExact: true }),
  complex('meta', 'About the resource', {
    subAttributes: [
      attribute('resourceType', 'Which type of resource', { caseExact: true, mutability: 'readOnly' }),
      attribute('created', 'When it was made', { type: 'dateTime', mutability: 'readOnly' }),
      attribute('lastModified', 'When it was changed last', { type: 'dateTime', mutability: 'readOnly' }),
      reference('location', 'Where it is', { referenceTypes: ['uri'], mutability: 'readOnly' }),
      attribute('version', 'Its entity tag', { caseExact: true, mutability: 'readOnly' }),
    ],
    mutability: 'readOnly',
  }),
]

const nameParts: readonly Attribute[] = [
  attribute('formatted', 'The whole name'),
  attribute('familyName', 'The family name'),
  attribute('givenName', 'The given name'),
  attribute('middleName', 'The middle names'),
  attribute('honorificPrefix', 'Such as Dr.'),
  attribute('honorificSuffix', 'Such as III'),
]

const address: readonly Attribute[] = [
  attribute('formatted', 'The whole address'),
  attribute('streetAddress', 'Street and number'),
  attribute('locality', 'City'),
  attribute('region', 'State or region'),
  attribute('postalCode', 'Postal code'),
  attribute('country', 'Country (ISO 3166-1 alpha-2)'),
  attribute('type', 'What the address is for', suggested(['work', 'home', 'other'])),
  attribute('primary', 'Whether it is the preferred one', { type: 'boolean' }),
]

const ofGroups: readonly Attribute[] = [
  attribute('value', 'The id of the group', { caseExact: true, mutability: 'readOnly' }),
  reference('$ref', 'Where the group is', { referenceTypes: ['Group'], mutability: 'readOnly' }),
  attribute('display', 'The name of the group', { mutability: 'readOnly' }),
  attribute('type', 'direct: groups do not hold groups', { mutability: 'readOnly', ...suggested(['direct', 'indirect']) }),
]

export const userSchema: Schema = {
  id: CORE_USER,
  name: 'User',
  description: 'User account',
  attributes: [
    attribute('userName', 'The userid; compared without case and normal form', { required: true, uniqueness: 'server' }),
    complex('name', 'The parts of the name', { subAttributes: nameParts }),
    attribute('displayName', 'The name to show'),
    attribute('nickName', 'The casual name'),
    reference('profileUrl', 'A page about the user', { referenceTypes: ['external'] }),
    attribute('title', 'The position'),
    attribute('userType', 'Such as Contractor or Employee'),
    attribute('preferredLanguage', 'As in Accept-Language'),
    attribute('locale', 'Such as en-US'),
    attribute('timezone', 'Such as Europe/Zurich'),
    attribute('active', 'False: disabled, and all access has ended', { type: 'boolean' }),
    attribute('password', 'Never kept: people log in at their provider', {
      mutability: 'writeOnly',
      returned: 'never',
      caseExact: true,
    }),
    plural('emails', 'E-mail addresses', { types: ['work', 'home', 'other'] }),
    plural('phoneNumbers', 'Telephone numbers', { types: ['work', 'home', 'mobile', 'fax', 'pager', 'other'] }),
    plural('ims', 'Instant messaging addresses', { types: ['aim', 'gtalk', 'icq', 'xmpp', 'msn', 'skype', 'qq', 'yahoo'] }),
    plural('photos', 'Pictures', {
      types: ['photo', 'thumbnail'],
      value: reference('value', 'Where the picture is', { referenceTypes: ['external'] }),
    }),
    complex('addresses', 'Postal addresses', { subAttributes: address, multiValued: true }),
    complex('groups', 'The groups that this provider put the user into', {
      subAttributes: ofGroups,
      multiValued: true,
      mutability: 'readOnly',
    }),
    plural('entitlements', 'Entitlements'),
    plural('roles', 'Roles'),
    plural('x509Certificates', 'Certificates', {
      value: attribute('value', 'DER in base64', { type: 'binary', caseExact: true }),
    }),
  ],
}

export const enterpriseSchema: Schema = {
  id: ENTERPRISE_USER,
  name: 'EnterpriseUser',
  description: 'Enterprise user',
  attributes: [
    attribute('employeeNumber', 'The number of the employee'),
    attribute('costCenter', 'The cost center'),
    attribute('organization', 'The organization'),
    attribute('division', 'The division'),
    attribute('department', 'The department'),
    complex('manager', 'The manager', {
      subAttributes: [
        attribute('value', "The id of the manager's resource", { caseExact: true }),
        reference('$ref', 'Where that resource is', { referenceTypes: ['User'] }),
        attribute('displayName', 'The name of the manager', { mutability: 'readOnly' }),
      ],
    }),
  ],
}

export const groupSchema: Schema = {
  id: CORE_GROUP,
  name: 'Group',
  description: 'Group',
  attributes: [
    attribute('displayName', 'The name; compared without case and normal form', { required: true, uniqueness: 'server' }),
    complex('members', 'The users that this provider put into the group', {
      subAttributes: [
        attribute('value', 'The id of the user', { caseExact: true, mutability: 'immutable' }),
        reference('$ref', 'Where the user is', { referenceTypes: ['User'], mutability: 'immutable' }),
        attribute('type', 'User: groups do not hold groups', { mutability: 'immutable', ...suggested(['User']) }),
        attribute('display', 'The name of the user', { mutability: 'readOnly' }),
      ],
      multiValued: true,
    }),
  ],
}
