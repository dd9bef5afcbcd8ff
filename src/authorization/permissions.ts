/** iam-rules, "Permissions with documented meaning". Custom names are allowed. */
export const KNOWN_PERMISSIONS = {
  APPLICATION_ADMIN: 'Configure identity sources: create, test and simulate them, and read their exchanges.',
  AUDIT: 'Read the audit log, and any user in full.',
  CREATE_DATA_SOURCE: 'Create data sources in the applications.',
  CREATE_DATA_SOURCE_IN_PROJECT: 'Create data sources in one’s projects in the applications.',
  CREATE_FILTER: 'Create filters in the applications.',
  CREATE_PROJECT: 'Create projects. New local users hold it by default.',
  CREATE_S3_DATASOURCE: 'Create S3 data sources in the applications.',
  CREATE_S3_DATASOURCE_WITH_INSTANCE_ROLE: 'Create S3 data sources in the applications with the role of the instance.',
  FETCH_POLICY_INFO: 'Read information about policies in the applications.',
  GOVERNANCE: 'Manage domains, permissions within them, and data sources.',
  IMPERSONATE_HDFS_USER: 'Act as another user of HDFS in the applications.',
  IMPERSONATE_USER: 'Act as another user with an API key.',
  PROJECT_MANAGEMENT: 'Manage all projects.',
  USER_ADMIN: 'Manage users, groups, attributes, permissions, the credentials of others, and syncs.',
} as const satisfies Record<string, string>

export type KnownPermission = keyof typeof KNOWN_PERMISSIONS
export const knownPermissions = Object.keys(KNOWN_PERMISSIONS) as KnownPermission[]

export const meaningOf = (permission: string): string | null =>
  Object.hasOwn(KNOWN_PERMISSIONS, permission) ? KNOWN_PERMISSIONS[permission as KnownPermission] : null

/** Within domains; custom names are allowed. */
export const DOMAIN_PERMISSIONS = ['Manage Policies', 'Audit Activity', 'Manage Data Products'] as const

export const ADMINISTRATIVE = ['APPLICATION_ADMIN', 'USER_ADMIN', 'GOVERNANCE', 'AUDIT', 'IMPERSONATE_USER'] as const

export const isAdministrative = (permission: string): boolean => (ADMINISTRATIVE as readonly string[]).includes(permission)

export const ADMINS_AND_GOVERNORS = ['APPLICATION_ADMIN', 'USER_ADMIN', 'GOVERNANCE'] as const

export const FIRST_ADMINISTRATOR = [...ADMINISTRATIVE, 'PROJECT_MANAGEMENT', 'CREATE_PROJECT', 'CREATE_DATA_SOURCE'] as const
