import { makeTemplate } from '../src/store/template.ts'

await makeTemplate()
