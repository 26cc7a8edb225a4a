const BAR_LENGTH = 30
/** If no one is watching: a line now and then. */
const LINE_EVERY_MS = 5000

/** Where progress is shown; standard error, say. */
export interface Screen {
  readonly isTTY?: boolean
  write(text: string): unknown
}

/** Shows how much is done, and about how long the rest will take: a bar on a terminal, elsewhere a line every 5 s. */
export function createProgress(screen: Screen, now = () => performance.now()) {
  const start = now()
  let nextLine = start + LINE_EVERY_MS

  function describe(done: number): string {
    const leftMs = (now() - start) * (1 / done - 1)
    return `${String(Math.floor(100 * done)).padStart(3)} %, about ${Math.ceil(leftMs / 1000)} s left`
  }

  return {
    /** @param done how much, above 0 to 1. */
    show(done: number): void {
      if (screen.isTTY === true) {
        const full = Math.floor(BAR_LENGTH * done)
        screen.write(`\r\x1b[2K${'█'.repeat(full)}${'░'.repeat(BAR_LENGTH - full)} ${describe(done)}`)
      } else if (now() >= nextLine) {
        nextLine = now() + LINE_EVERY_MS
        screen.write(`${describe(done)}\n`)
      }
    },
    /** Leaves the terminal's line empty. */
    end(): void {
      if (screen.isTTY === true) screen.write('\r\x1b[2K')
    },
  }
}
