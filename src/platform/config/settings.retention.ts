import { integer, setting } from './parse.ts'

/** A century. */
const DAYS = 36_525

const days = (what: string) =>
  setting<number | null>({
    meaning: `days after which ${what} are removed`,
    parse: integer(1, DAYS),
    fallback: null,
    unset: 'kept',
    fix: 'set a number of days such as 400, or leave it unset to keep them',
  })

export const retention = {
  AUDIT_DAYS: days('audit events, once they are in a file of AUDIT_EXPORT_DIR,'),
  AUDIT_EXPORT_DIR: setting<string | null>({
    meaning: 'folder of the files that AUDIT_DAYS moves audit events into',
    parse: text => text,
    fallback: null,
    unset: 'audit events are kept',
    fix: 'set a folder that exists and that Roster may write to',
  }),
  SYNC_RUN_DAYS: days('ended syncs and their entries'),
  EXCHANGE_DAYS: days('exchanges with sources'),
  EXPIRED_KEY_DAYS: days('API keys and SCIM keys that expired'),
}
