// Covered lines in percent that each folder of src keeps (npm run coverage). Raise one when it has risen; do not lower it.
export const FLOORS: Readonly<Record<string, number>> = {
  api: 94,
  authentication: 94,
  authorization: 98,
  connectors: 96,
  demo: 98,
  diagnostics: 97,
  domain: 96,
  federation: 97,
  observability: 85,
  platform: 96,
  scim: 97,
  sync: 96,
}

/** Why a folder has none. */
export const WITHOUT_FLOOR: Readonly<Record<string, string>> = {
  cli: 'its tests start processes, which are not measured',
  generated: 'is generated',
  ui: 'runs in a browser',
}
