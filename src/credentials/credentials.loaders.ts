import DataLoader from 'dataloader'
import { manyEach } from '../store/batch.ts'
import type { Db } from '../store/store.ts'
import type { ApiKeyRecord, TokenRecord } from './credential.ts'
import { apiKeysOfUsers, tokensOfUsers } from './credentials.store.ts'

export const credentialLoaders = (db: Db) => ({
  apiKeysOfUser: new DataLoader<number, ApiKeyRecord[]>(async ids =>
    manyEach(ids, await apiKeysOfUsers(db, ids), key => key.userId),
  ),
  tokensOfUser: new DataLoader<number, TokenRecord[]>(async ids =>
    manyEach(ids, await tokensOfUsers(db, ids, new Date()), token => token.userId),
  ),
})
