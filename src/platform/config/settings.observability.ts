import { hostOf, integer, oneOf, setting } from './parse.ts'

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
  METRICS_PORT: setting<number | null>({
    meaning: 'TCP port of GET /metrics for Prometheus, which needs no credential; never the port of the APIs',
    parse: integer(0, 65_535),
    fallback: null,
    unset: 'no metrics',
    fix: 'set a free port such as 9464, or leave it unset for none',
  }),
  METRICS_HOST: setting({
    meaning: 'address of METRICS_PORT: one that only Prometheus reaches',
    parse: hostOf,
    fallback: '127.0.0.1',
    fix: 'set an address such as 127.0.0.1 or 10.0.0.5',
  }),
}
