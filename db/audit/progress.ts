const BAR_LENGTH = 30
/** Where nobody watches: a line now and then. */
const LINE_EVERY_MS = 5000

/** Shows how much is done and about how long the rest will take: a bar on a terminal, otherwise lines. */
export function createProgress(out: NodeJS.WriteStream): { show(done: number): void; end(): void } {
  const start = performance.now()
  let nextLine = start + LINE_EVERY_MS
  const text = (done: number) => {
    const left = ((performance.now() - start) / 1000) * (1 / done - 1)
    return `${String(Math.floor(100 * done)).padStart(3)} %, about ${Math.ceil(left)} s left`
  }
  if (!out.isTTY) {
    return {
      show(done) {
        if (performance.now() < nextLine) return
        nextLine += LINE_EVERY_MS
        out.write(`${text(done)}\n`)
      },
      end: () => {},
    }
  }
  return {
    show(done) {
      const full = Math.floor(BAR_LENGTH * done)
      out.write(`\r\x1b[2K${'█'.repeat(full)}${'░'.repeat(BAR_LENGTH - full)} ${text(done)}`)
    },
    end: () => out.write('\r\x1b[2K'),
  }
}
