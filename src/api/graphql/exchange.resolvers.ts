import { exchanges } from '../../diagnostics/exchanges.service.ts'
import type { Resolvers } from '../../generated/graphql.ts'

const KINDS = { scim: 'SCIM', ldap: 'LDAP', userinfo: 'USER_INFO' } as const

export const exchangeResolvers: Resolvers = {
  Query: {
    exchanges: (_, args, context) => exchanges.list(context, args),
    replayExchange: (_, { id }, context) => exchanges.replay(context, { id }),
  },
  Exchange: {
    kind: exchange => KINDS[exchange.kind],
    operation: exchange => exchange.asked,
    requestComplete: exchange => exchange.requestWhole,
    response: exchange => exchange.answer,
    responseComplete: exchange => exchange.answerWhole,
    changesComplete: exchange => exchange.changesWhole,
  },
}
