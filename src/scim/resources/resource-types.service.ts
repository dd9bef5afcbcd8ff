import { query, type Service, type ServiceContext } from '../../authorization/service.ts'
import { coreAttributes, groupType, type ResourceType, userType } from '../protocol/schema.ts'
import { usedAttributes } from './schema-usage.store.ts'
import { describedBy } from './schema-usage.ts'
import { iamOf } from './search.ts'

export const provisioning = {
  configured: query('scim:read', async (call: ServiceContext, _: Record<string, never>): Promise<readonly ResourceType[]> => {
    const { config } = await iamOf(call)
    return [userType(config), groupType(config)]
  }),

  types: query('scim:read', async (call: ServiceContext, _: Record<string, never>): Promise<readonly ResourceType[]> => {
    const { id, config } = await iamOf(call)
    const described = async (type: ResourceType) => {
      const known = coreAttributes(type).map(({ name }) => name.toLowerCase())
      return describedBy(type, await usedAttributes(call.db, { iamid: id, type: type.name, known }))
    }
    return [await described(userType(config)), await described(groupType(config))]
  }),
} satisfies Service
