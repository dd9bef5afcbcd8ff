// The chart of deploy/helm, rendered by Helm as docs/operations/kubernetes.md has it.
import { execFile, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parseYaml } from '@redocly/openapi-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/platform/config/config.ts'
import { blocks, readPage, runBlocks } from '../docs/shell.ts'

const chart = new URL('../../deploy/helm/roster', import.meta.url).pathname
const hasHelm = spawnSync('helm', ['version']).status === 0
if (!hasHelm) console.warn('helm is not on the search path: the chart is not rendered')
const page = readPage('docs/operations/kubernetes.md')

type Resource = { kind: string; metadata: { name: string }; spec: any }

describe.skipIf(!hasHelm)('the chart', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roster-helm-'))
  let lint: string
  let resources: Resource[]
  const of = (kind: string) => resources.find(resource => resource.kind === kind)!
  beforeAll(async () => {
    symlinkSync(new URL('../../deploy', import.meta.url).pathname, join(folder, 'deploy'))
    writeFileSync(join(folder, 'values.yaml'), blocks(page, 'yaml')[0]!)
    const commands = blocks(page, 'sh').flatMap(block => block.trim().split('\n'))
    const [linted, rendered] = await runBlocks(folder, commands, {})
    lint = linted!
    resources = rendered!.split(/^---\n/m).flatMap(text => (text.includes('kind:') ? [parseYaml(text) as Resource] : []))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('is accepted by lint, and makes these resources', () => {
    expect(lint).toContain('1 chart(s) linted, 0 chart(s) failed')
    expect(resources.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort()).toEqual([
      'Deployment roster',
      'Ingress roster',
      'PodDisruptionBudget roster',
      'Service roster',
      'ServiceMonitor roster',
    ])
  })

  test('selects its own instances, on ports that they have', () => {
    const { template, selector } = of('Deployment').spec
    const chosen = [selector.matchLabels, of('Service').spec.selector, of('PodDisruptionBudget').spec.selector.matchLabels]
    for (const labels of chosen) expect(template.metadata.labels).toMatchObject(labels)
    const [container] = template.spec.containers
    const ports = container.ports.map(({ name }: { name: string }) => name)
    const { startupProbe, livenessProbe, readinessProbe } = container
    for (const { httpGet } of [startupProbe, livenessProbe, readinessProbe]) expect(ports).toContain(httpGet.port)
    expect(readinessProbe.httpGet.path).toBe('/health/ready')
    expect(livenessProbe.httpGet.path).toBe('/health/live')
    for (const { targetPort } of of('Service').spec.ports) expect(ports).toContain(targetPort)
  })

  test('gives an instance settings that Roster reads', () => {
    const [container] = of('Deployment').spec.template.spec.containers
    const given: [string, string][] = container.env.map(({ name, value }: { name: string; value: string }) => [name, value])
    const secrets = {
      database_url: 'postgresql://a:b@c/d',
      secret_key: randomBytes(32).toString('base64'),
      admin_password: 'x'.repeat(16),
    }
    for (const [key, value] of Object.entries(secrets)) writeFileSync(join(folder, key), value)
    const mounted = container.volumeMounts.find(({ name }: { name: string }) => name === 'secrets').mountPath
    const config = loadConfig(Object.fromEntries(given.map(([name, value]) => [name, value.replace(mounted, folder)])))
    expect(config).toMatchObject({
      publicUrl: 'https://roster.example.com',
      databaseUrl: secrets.database_url,
      adminPassword: secrets.admin_password,
      drainSeconds: 5,
      port: 4000,
      metrics: { port: 9464, host: '0.0.0.0' },
    })
    const { terminationGracePeriodSeconds } = of('Deployment').spec.template.spec
    expect(terminationGracePeriodSeconds).toBeGreaterThanOrEqual(config.drainSeconds + 20)
  })

  test('runs without rights, and writes nowhere but to empty folders', () => {
    const { spec } = of('Deployment').spec.template
    expect(spec).toMatchObject({ automountServiceAccountToken: false, securityContext: { runAsNonRoot: true } })
    expect(spec.containers[0].securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    expect(spec.volumes.filter((volume: object) => !('secret' in volume))).toEqual([
      { name: 'data', emptyDir: {} },
      { name: 'tmp', emptyDir: {} },
    ])
  })

  test.each([
    ['existingSecret=', /at '\/existingSecret': '' does not match pattern/],
    ['publicUrl=roster.example.com', /at '\/publicUrl': 'roster.example.com' does not match pattern/],
    ['replicas=3', /additional properties 'replicas' not allowed/],
    ['settings.DATABASE_URL=postgresql://a:b@c/d', /invalid propertyName 'DATABASE_URL'/],
    ['secrets.SECRET_KEY=null', /missing property 'SECRET_KEY'/],
  ])('refuses %s', async (value, reason) => {
    const args = ['template', 'roster', chart, '--values', join(folder, 'values.yaml'), '--set', value]
    await expect(promisify(execFile)('helm', args)).rejects.toThrow(reason)
  })

  test('has no budget for one instance, which could never be moved', async () => {
    const args = ['template', 'roster', chart, '--values', join(folder, 'values.yaml'), '--set', 'replicaCount=1']
    expect((await promisify(execFile)('helm', args)).stdout).not.toContain('PodDisruptionBudget')
  })
})
