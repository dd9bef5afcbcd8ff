import { HangingPages } from '../store/hanging.ts'
import type { Db } from '../store/store.ts'
import type { ApiKeyRecord, TokenRecord } from './credential.ts'
import { apiKeysOfUsers, tokensOfUsers } from './credentials.store.ts'

export const credentialLoaders = (db: Db) => ({
  apiKeysOfUser: new HangingPages<number, ApiKeyRecord>(db, apiKeysOfUsers),
  tokensOfUser: new HangingPages<number, TokenRecord>(db, tokensOfUsers(new Date())),
})
