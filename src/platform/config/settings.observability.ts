import { oneOf, setting } from './parse.ts'

export const observability = {
  LOG_LEVEL: setting({
    meaning: 'least level that is logged',
    parse: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    fallback: 'info',
    fix: 'set one of these',
  }),
  LOG_FORMAT: setting<'auto' | 'json' | 'text'>({
    meaning: 'json: one object a line; text: for people; auto: text on a terminal, else json',
    parse: oneOf(['auto', 'json', 'text']),
    fallback: 'auto',
    fix: 'set one of these',
  }),
}
