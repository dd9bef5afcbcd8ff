import { createOutbound } from '../../src/platform/outbound/connect.ts'

/** The connections of an instance without OUTBOUND_ALLOW and OUTBOUND_DENY that listens nowhere. */
export const outbound = createOutbound({ allow: null, deny: [] })
