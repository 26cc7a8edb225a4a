/** Whether requests can be served right now, and where not, why. */
export type Readiness = () => Promise<'ready' | 'starting' | 'database unavailable' | 'shutting down'>
