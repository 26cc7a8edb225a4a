const BAR_LENGTH = 30
/** If no one is watching: a line now and then. */
const LINE_EVERY_MS = 5000
const COUNT_EVERY_MS = 200

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

/** Shows how many are done, if no one knows how many there are: in place on a terminal, elsewhere a line every 5 s. */
export function createCounter(screen: Screen, what: string, now = () => performance.now()) {
  const start = now()
  let next = start

  return {
    show(count: number): void {
      if (now() < next) return
      const line = `${count} ${what}, ${Math.round((1000 * count) / (now() - start + 1))} a second`
      if (screen.isTTY === true) screen.write(`\r\x1b[2K${line}`)
      else if (next > start) screen.write(`${line}\n`)
      next = now() + (screen.isTTY === true ? COUNT_EVERY_MS : LINE_EVERY_MS)
    },
    /** Leaves the terminal's line empty. */
    end(): void {
      if (screen.isTTY === true) screen.write('\r\x1b[2K')
    },
  }
}
