/** Permissions with a documented meaning (reference: iam-rules, "Permissions with documented meaning"). Custom names are allowed beside them. */
export const ADMINISTRATIVE = ['APPLICATION_ADMIN', 'USER_ADMIN', 'GOVERNANCE', 'AUDIT', 'IMPERSONATE_USER'] as const

export const isAdministrative = (permission: string): boolean => (ADMINISTRATIVE as readonly string[]).includes(permission)

/** What `excludeAdminAndGovernor` leaves out. */
export const ADMINS_AND_GOVERNORS = ['APPLICATION_ADMIN', 'USER_ADMIN', 'GOVERNANCE'] as const

/** What the first administrator of an empty store holds. */
export const FIRST_ADMINISTRATOR = [...ADMINISTRATIVE, 'PROJECT_MANAGEMENT', 'CREATE_PROJECT', 'CREATE_DATA_SOURCE'] as const
