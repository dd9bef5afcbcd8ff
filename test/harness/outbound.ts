import { createOutbound } from '../../src/outbound/outbound.ts'

/** The connections of an instance without OUTBOUND_ALLOW and OUTBOUND_DENY that listens nowhere. */
export const outbound = createOutbound({ allow: null, deny: [] })
