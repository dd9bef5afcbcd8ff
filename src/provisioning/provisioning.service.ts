import { type Call, read, type Service } from '../access/guard.ts'
import { iamOf } from './client.ts'
import { groupType, type ResourceType, userType } from './schema.ts'

export const provisioning = {
  /** What this IAM's resources may hold, by its configuration. */
  types: read('scim:read', async (call: Call, _: Record<string, never>): Promise<readonly ResourceType[]> => {
    const { config } = await iamOf(call)
    return [userType(config), groupType(config)]
  }),
} satisfies Service
