import { writeFile } from 'node:fs/promises'
import { manifestOfChart } from './helm-chart.ts'

await writeFile('examples/kubernetes.yaml', await manifestOfChart())
process.stdout.write('examples/kubernetes.yaml is written\n')
