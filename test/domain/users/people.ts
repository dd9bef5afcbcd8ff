// Users of three IAMs, who differ in what a search and the filters look at.
import type { Store } from '../../../src/platform/database/store.ts'
import { canonical } from '../../../src/platform/validation.ts'

export async function stockPeople({ db }: Store): Promise<void> {
  await db.query(`INSERT INTO iams (id, display_name, type) VALUES ('corp', 'Corp', 'ldap'), ('saas', 'Saas', 'openid')`)
  const people = [
    ['bim', 'ines.silva', 'Inês Silva', 'ines@silva.example', {}],
    ['bim', 'nystrom', 'Anna Nyström', 'anna@lake.example', { phone: '5550001' }],
    ['corp', 'bjorn', 'Bjørn Åse', null, { directory_id: 'a1b2c3d4-0000', last_login: '2026-03-01T00:00:00Z' }],
    ['corp', 'STRASSE', 'Uwe Straße', null, { external_user_ids: { snowflakeUser: 'UWE_SNOW', other: null } }],
    [
      'corp',
      'lukasz',
      "Łukasz O'Hara",
      null,
      { scim: { externalId: 'okta-77', emails: [] }, last_login: '2026-06-01T00:00:00Z' },
    ],
    ['saas', 'elka', 'Ёлка Петрова', null, { openid_id: 'https://idp.example#elka-sub', created_at: '2020-01-01T00:00:00Z' }],
    ['saas', 'left', 'Left Behind', null, { disabled: true, disabled_by: 'saas' }],
    ['bim', 'barred', 'Barred 100%', null, { disabled: true, disabled_by: 'bim' }],
    ['bim', 'oldbarred', 'Old Barred', null, { disabled: true }],
  ] as const
  await db.query(
    `INSERT INTO users (iamid, userid, userid_key, name, name_key, email, email_key, phone, directory_id, openid_id, scim, external_user_ids,
       last_login, created_at, disabled, disabled_by)
     SELECT p.iamid, p.userid, lower(p.userid COLLATE "C"), p.name, p.key, p.email, coalesce(p.email, ''), p.phone, p.directory_id, p.openid_id,
       p.scim, coalesce(p.external_user_ids, '{}'), p.last_login, coalesce(p.created_at, '2026-01-01'), coalesce(p.disabled, false), p.disabled_by
       FROM jsonb_to_recordset($1::jsonb) p(iamid text, userid text, name text, key text, email text, phone text, directory_id text,
         openid_id text, scim jsonb, external_user_ids jsonb, last_login timestamptz, created_at timestamptz, disabled boolean, disabled_by text)`,
    [
      JSON.stringify(
        people.map(([iamid, userid, name, email, more]) => ({
          ...{ iamid, userid, name, email, key: canonical(name) },
          ...more,
        })),
      ),
    ],
  )
}
