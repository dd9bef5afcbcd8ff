// The page, the alerts and the dashboard name metrics that Roster has, with labels that they have.
import { execFileSync, spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { createMetrics } from '../../src/observability/metrics.ts'
import { readPage } from '../docs/shell.ts'

const FOLDER = 'docs/operations'
const { registry } = createMetrics({ version: '0', store: 'embedded' })
const metrics = registry.getMetricsAsArray() as unknown as { name: string; type: string; labelNames?: string[] }[]
const own = metrics.filter(({ name }) => name.startsWith('roster_'))

test('metrics.md has a row for each metric, with its type and labels', async () => {
  const rows = [...readPage(`${FOLDER}/metrics.md`).matchAll(/^\| `(roster_\w+)` \| (\w+) \| ((?:[^|]+ )?)\|/gm)]
  const listed = rows.map(([, name, type, labels]) => [name, type, [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label)])
  const types = new Map((await registry.metrics()).split('\n').flatMap(line => typed(line)))
  const had = own.map(({ name, labelNames = [] }) => [name, types.get(name), labelNames])
  expect(listed).toEqual(had)
})

const typed = (line: string): [string, string][] => {
  const [, name, type] = /^# TYPE (\S+) (\w+)$/.exec(line) ?? []
  return name ? [[name, type!]] : []
}

/** Names of metrics in an expression of PromQL, without those that Prometheus makes. */
const namesIn = (expr: string) => [...expr.matchAll(/\b(?:roster|process|nodejs)_\w+/g)].map(([name]) => name)
const known = new Set(
  metrics.flatMap(({ name }) => (name.endsWith('_seconds') ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name])),
)

const alerts = [...readPage(`${FOLDER}/alerts.yml`).matchAll(/^ {8}expr: (.*)$/gm)].map(([, expr]) => expr!)
const dashboard = JSON.parse(readPage(`${FOLDER}/grafana.json`)) as { panels: { title: string; targets: { expr: string }[] }[] }
const panels = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))

test.each([...alerts, ...panels])('%s names metrics that there are', expr => {
  expect(namesIn(expr).filter(name => !known.has(name))).toEqual([])
  const labels = new Set(
    metrics.filter(({ name }) => namesIn(expr).some(one => one.startsWith(name))).flatMap(of => of.labelNames ?? []),
  )
  const used = [...expr.matchAll(/\b(\w+)(?:=~|!=|=)"|by \(([^)]*)\)/g)].flatMap(([, one, by]) => one ?? by!.split(', '))
  expect(used.filter(label => !labels.has(label) && !['instance', 'job', 'le'].includes(label))).toEqual([])
})

test('the dashboard shows every metric', () => {
  const shown = new Set(panels.flatMap(namesIn))
  expect(own.map(({ name }) => name).filter(name => ![...shown].some(one => one.startsWith(name)))).toEqual([])
})

const hasPromtool = spawnSync('promtool', ['--version']).status === 0
if (!hasPromtool) console.warn('promtool is not installed (Debian: prometheus): alerts.yml is checked by names alone')

test.runIf(hasPromtool)('promtool takes the alerts', () => {
  const path = new URL(`../../${FOLDER}/alerts.yml`, import.meta.url).pathname
  expect(execFileSync('promtool', ['check', 'rules', path], { encoding: 'utf8' })).toContain(
    `SUCCESS: ${alerts.length} rules found`,
  )
})
