import { serveBareRoute } from './reads.ts'

await serveBareRoute()
