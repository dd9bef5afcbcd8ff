import Type from 'typebox'
import { described, flag, list, optionals, plain, strict, text, url } from './schema.parts.ts'

// Options of openid, named as in the reference.

/** Asymmetric only: others do not prove the issuer. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const

export const openidOptions = described(
  'The OpenID provider.',
  Type.Object(
    {
      clientId: text('The name under which Roster is registered there.'),
      ...optionals({
        allowIdPInitiatedSSO: flag('Whether the provider may begin log-ins (`/login/<iamid>?iss=…`).'),
        authorizationEndpoint: url('Where people log in. Required without `discoverUrl`, refused with it.'),
        discoverUrl: url('The discovery document, or the issuer in front of it. It stands for all endpoints.'),
        enableSSL: flag('False allows http, for a provider on the same machine; otherwise each URL must be https.', true),
        endSessionEndpoint: url('Where signing out goes on (single logout); the discovered one without it.'),
        issuer: url(
          'The issuer of its ID tokens. Required without `discoverUrl`; with it, the issuer that the document must name instead of its own address.',
        ),
        jwksUri: url("The provider's keys. Required without `discoverUrl`, refused with it."),
        scopes: described(
          'Requested scopes; `openid` is always included.',
          list(
            Type.Refine(
              plain(254),
              scope => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope),
              () => 'must be a scope (RFC 6749, 3.3)',
            ),
          ),
          { default: ['openid', 'profile', 'email'] },
        ),
        supportedIdTokenSigningAlgorithms: described(
          'How ID tokens may be signed. Refused with `discoverUrl`, whose document lists them.',
          list(Type.Enum([...algorithms])),
          { default: ['RS256'] },
        ),
        trustUnverifiedEmail: flag('With `userIdClaim: email`: whether an address counts without `email_verified: true`.'),
        tokenEndpoint: url('Where codes become tokens. Required without `discoverUrl`, refused with it.'),
        userInfoEndpoint: url('The user info endpoint. Rejected with `discoverUrl`.'),
        userIdClaim: text('Which claim is the userid.', { max: 254, default: 'sub' }),
      }),
    },
    strict,
  ),
)
