const authority = 'give the authority of its certificate as config.options.ca'
const network = 'no way leads to config.options.host from here'
const another = 'config.options.port may be the one of another protocol, or wants config.options.useSSL'

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused by config.options.host and port',
  ECONNRESET: another,
  EHOSTUNREACH: network,
  ENETUNREACH: network,
  ENOTFOUND: 'config.options.host is not a known name',
  EAI_AGAIN: 'the name of config.options.host cannot be looked up now',
  SELF_SIGNED_CERT_IN_CHAIN: authority,
  DEPTH_ZERO_SELF_SIGNED_CERT: authority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: authority,
  UNABLE_TO_GET_ISSUER_CERT: authority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: authority,
  CERT_HAS_EXPIRED: 'its certificate has to be renewed there',
  CERT_NOT_YET_VALID: 'its certificate is for later: compare the clocks',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate does not name config.options.host: give a name that stands in it',
  ERR_SSL_WRONG_VERSION_NUMBER: 'config.options.port does not accept TLS directly: is it startTLS?',
  'timed out': 'no response from config.options.host and port in time: check the address and firewalls',
  'the connection was lost': another,
  'its answer cannot be read': another,
}

const limit = 'the account of config.credentials needs a higher limit there'
const protection = 'it wants config.options.useSSL or startTLS'
const rights = 'the account of config.credentials may not read that, or anonymous access is denied'

const answers: Readonly<Record<number, string>> = {
  1: 'Active Directory (000004DC) does not allow anonymous searches: set config.credentials',
  3: 'it takes too long: have it index what the filters compare',
  4: limit,
  8: protection,
  10: 'config.options.userSearchBase or groupSearchBase is kept by another server: ask that one',
  11: limit,
  12: 'it may not know pages: then set config.ldapSync.paged to false',
  13: protection,
  18: 'it cannot compare in that way: change the filters in config.options',
  32: 'config.options.userSearchBase or groupSearchBase does not exist there, or the account may not see it',
  34: 'config.options.userSearchBase or groupSearchBase is no DN to it',
  48: rights,
  50: rights,
}

export const reasonWithHint = (reason: string): string => {
  const remedy = Object.hasOwn(reasons, reason) ? reasons[reason] : undefined
  return remedy === undefined ? reason : `${reason} (${remedy})`
}

export const withHint = (text: string, code: number): string => (answers[code] ? `${text}: ${answers[code]}` : text)
