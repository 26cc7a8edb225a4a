import { readFile } from 'node:fs/promises'
import { Deployment } from 'kubernetes-models/apps/v1'
import { Job } from 'kubernetes-models/batch/v1'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1'
import { Service } from 'kubernetes-models/v1'
import t from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { readConfig } from '../../src/app/config.ts'
import { TIMEOUTS_MS } from '../../src/timeouts.ts'
import { manifestOfChart, render } from '../run/helm-chart.ts'

/** Of Kubernetes's own schemas. */
const MODELS = { Deployment, Service, PodDisruptionBudget, Job }
const KINDS = ['Deployment', 'PodDisruptionBudget', 'Service']

async function documents() {
  const all = parseAllDocuments(await manifestOfChart()).map((each) => each.toJS())
  return Object.fromEntries(all.map((each) => [each.kind, each]))
}

t.test('the chart gives the manifest in examples', async (t) => {
  t.equal(await readFile('examples/kubernetes.yaml', 'utf8'), await manifestOfChart(), 'npm run kubernetes')
})

t.test('its templates put values in and do nothing else, so that they need no Helm to be tested', async (t) => {
  t.equal(
    render('a: {{ .Values.b.c | toJson }} # {{ .Release.Name | toJson }}', 'r', { b: { c: [1] } }),
    'a: [1] # "r"',
  )
  for (const more of [
    '{{ if .Values.b }}',
    '{{- .Values.b | toJson }}',
    '{{ .Values.b }}',
    '{{ include "b" . }}',
    '{{ .Values.b',
  ])
    t.throws(() => render(`a: ${more}`, 'r', { b: 1 }), /templates only put values in/, more)
  t.throws(() => render('a: {{ .Values.c | toJson }}', 'r', { b: 1 }), /no such value/)
})

t.test('Kubernetes knows every field that has a type there', async (t) => {
  const all = await documents()
  t.strictSame(Object.keys(all).sort(), KINDS)
  const job = parse(await readFile('deploy/kubernetes/migrate.yaml', 'utf8'))
  const given: Readonly<Record<string, unknown>> = { ...all, Job: job }
  for (const [kind, Model] of Object.entries(MODELS))
    t.doesNotThrow(() => new Model(structuredClone(given[kind]) as never).validate(), kind)
  const wrong = structuredClone(all.Deployment)
  wrong.spec.template.spec.containers[0].ports[0].containerPort = 'http'
  t.throws(() => new Deployment(wrong).validate(), /containerPort must be integer/)
})

t.test('it says what the service takes', async (t) => {
  const { Deployment: deployment, Service: service } = await documents()
  const [container] = deployment.spec.template.spec.containers
  const given = container.env.map(({ name, value }: { name: string; value?: string }) => [
    name,
    value ?? 'postgres://u:p@db/wallet',
  ])
  const config = readConfig({ ...Object.fromEntries(given), HOST: '0.0.0.0' })
  t.match(config, { port: container.ports[0].containerPort, authentication: { kind: 'bearer' } })
  const secrets = container.env.filter(({ valueFrom }: { valueFrom?: object }) => valueFrom !== undefined)
  t.match(secrets, [{ name: 'DATABASE_URL', valueFrom: { secretKeyRef: { name: 'wallet-database' } } }])
  t.equal(container.livenessProbe.httpGet.path, '/livez')
  t.equal(container.readinessProbe.httpGet.path, '/readyz')
  for (const { port } of [container.livenessProbe.httpGet, container.readinessProbe.httpGet])
    t.equal(port, container.ports[0].name)
  t.equal(service.spec.ports[0].targetPort, container.ports[0].name)
})

t.test('an instance has the time to answer what it accepted, after the cluster has stopped sending', async (t) => {
  const { Deployment: deployment } = await documents()
  const pod = deployment.spec.template.spec
  const [, , wait] = pod.containers[0].lifecycle.preStop.exec.command
  const waitMs = Number(/^setTimeout\(\(\) => \{\}, (\d+)\)$/.exec(wait)?.[1])
  const { drain, telemetryFlush } = TIMEOUTS_MS
  t.ok(pod.terminationGracePeriodSeconds * 1000 > waitMs + drain + telemetryFlush)
})

t.test('one of several instances is always there, and they are on several machines', async (t) => {
  const { Deployment: deployment, PodDisruptionBudget: budget, Service: service } = await documents()
  t.ok(deployment.spec.replicas > budget.spec.minAvailable)
  t.strictSame(deployment.spec.strategy.rollingUpdate, { maxSurge: 1, maxUnavailable: 0 })
  const labels = deployment.spec.template.metadata.labels
  const [spread] = deployment.spec.template.spec.topologySpreadConstraints
  for (const selected of [
    deployment.spec.selector.matchLabels,
    budget.spec.selector.matchLabels,
    service.spec.selector,
    spread.labelSelector.matchLabels,
  ])
    t.strictSame(selected, labels)
})

t.test('what runs has no right that it does not need', async (t) => {
  const job = parse(await readFile('deploy/kubernetes/migrate.yaml', 'utf8'))
  const { Deployment: deployment } = await documents()
  for (const pod of [deployment.spec.template.spec, job.spec.template.spec]) {
    t.equal(pod.automountServiceAccountToken, false)
    t.match(pod.securityContext, { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } })
    t.strictSame(pod.containers[0].securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    t.ok(pod.containers[0].resources.limits.memory)
  }
})

t.test('versions and images are those of the package', async (t) => {
  const { version } = JSON.parse(await readFile('package.json', 'utf8'))
  const chart = parse(await readFile('deploy/helm/Chart.yaml', 'utf8'))
  t.equal(chart.appVersion, version)
  t.match(await readFile('Dockerfile', 'utf8'), `\nARG VERSION=${version}\n`)
  for (const file of ['deploy/helm/values.yaml', 'deploy/kubernetes/migrate.yaml'])
    t.match(await readFile(file, 'utf8'), `image: registry.example/wallet-service:${version}\n`)
})

t.test('the monitor finds the pods, and names the job that the alerts look for', async (t) => {
  const { spec } = parse(await readFile('deploy/kubernetes/pod-monitor.yaml', 'utf8'))
  const { Deployment: deployment } = await documents()
  const { labels } = deployment.spec.template.metadata
  t.match(labels, spec.selector.matchLabels)
  const [endpoint] = spec.podMetricsEndpoints
  t.equal(endpoint.port, deployment.spec.template.spec.containers[0].ports[0].name)
  const { replacement } = endpoint.relabelings.find(({ targetLabel }: { targetLabel: string }) => targetLabel === 'job')
  t.match(await readFile('deploy/alerts.yaml', 'utf8'), `up{job="${replacement}"}`)
})
