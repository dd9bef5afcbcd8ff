/** Paths for programs; the others are pages for people. */
export const API_PATHS = [
  '/apikey',
  '/bim',
  '/graphql',
  '/health',
  '/iam',
  '/openapi.json',
  '/schema.graphql',
  '/scim',
  '/user-info',
]
