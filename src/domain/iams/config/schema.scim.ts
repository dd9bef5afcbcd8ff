import { flag, whole } from './schema.parts.ts'

export const scimOptions = {
  scimEnabled: flag('Whether the provider keeps users and groups up to date by SCIM. Switching it on makes a SCIM key.'),
  strictScimSchema: flag('Refuse SCIM attributes that no schema names, instead of passing over them; needs `scimEnabled`.'),
  scimMaxDeprovisionedCount: whole(
    'Users that SCIM disables or deletes in an hour before an administrator must let it go on; needs `scimEnabled`.',
    { minimum: 0, maximum: 10_000_000, otherwise: 50 },
  ),
  scimMaxDeprovisionedPercent: whole(
    'As `scimMaxDeprovisionedCount`, in percent of the users of the IAM; the larger of the two applies.',
    {
      minimum: 0,
      maximum: 100,
      otherwise: 10,
    },
  ),
  scimRequestsPerMinute: whole('SCIM requests that each instance takes in a minute; no limit unless set. Needs `scimEnabled`.', {
    minimum: 1,
    maximum: 1_000_000,
  }),
}
