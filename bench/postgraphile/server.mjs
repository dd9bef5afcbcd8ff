// PostGraphile on the same tables, in production mode, with plain lists.
import { createServer } from 'node:http'
import { postgraphile } from 'postgraphile'
import { makePgService } from 'postgraphile/adaptors/pg'
import { grafserv } from 'postgraphile/grafserv/node'
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber'

const port = Number(process.env.PORT)
const server = createServer()
const service = postgraphile({
  extends: [PostGraphileAmberPreset],
  schema: { defaultBehavior: '+list -connection' },
  pgServices: [
    makePgService({
      connectionString: process.env.DATABASE_URL,
      schemas: ['public'],
      poolConfig: { max: 8, idleTimeoutMillis: 0 },
    }),
  ],
  grafserv: { port, host: '127.0.0.1', watch: false, graphiql: false },
  grafast: { explain: false },
}).createServ(grafserv)
await service.addTo(server)
server.listen(port, '127.0.0.1')
