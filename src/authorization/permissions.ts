/** iam-rules, "Permissions with documented meaning". Custom names are allowed. */
export const ADMINISTRATIVE = ['APPLICATION_ADMIN', 'USER_ADMIN', 'GOVERNANCE', 'AUDIT', 'IMPERSONATE_USER'] as const

export const isAdministrative = (permission: string): boolean => (ADMINISTRATIVE as readonly string[]).includes(permission)

export const ADMINS_AND_GOVERNORS = ['APPLICATION_ADMIN', 'USER_ADMIN', 'GOVERNANCE'] as const

export const FIRST_ADMINISTRATOR = [...ADMINISTRATIVE, 'PROJECT_MANAGEMENT', 'CREATE_PROJECT', 'CREATE_DATA_SOURCE'] as const
