import type { CodegenConfig } from '@graphql-codegen/cli'

const config: CodegenConfig = {
  schema: '../../schema.graphql',
  documents: 'src/*.tsx',
  generates: {
    'src/gql/': {
      preset: 'client',
      config: { useTypeImports: true, strictScalars: true, scalars: { DateTime: 'string', JSON: 'object' } },
    },
  },
}
export default config
