import { fileURLToPath } from 'node:url'

/** For the environment of a process that runs Roster: what one has compiled, the next does not compile again, as `npm run` has it. */
export const compiled = { NODE_COMPILE_CACHE: fileURLToPath(new URL('../../node_modules/.cache/node', import.meta.url)) }
