import stringWidth from 'string-width'
import { stripControlCharacters } from './output.ts'

export interface Column<Row> {
  readonly title: string
  readonly align: 'left' | 'right'
  cell(row: Row): string
}

const GAP = '  '

/**
 * Lays rows out below their titles, a page at a time: a column gets as wide as what it has had to hold so far, in cells
 * of a terminal, of which 名 takes two.
 */
export function createTable<Row>(columns: readonly Column<Row>[]) {
  const widths = columns.map(({ title }) => stringWidth(title))
  let titled = false

  function line(cells: readonly string[]): string {
    const padded = columns.map(({ align }, index) => {
      const cell = cells[index] ?? ''
      const padding = ' '.repeat((widths[index] ?? 0) - stringWidth(cell))
      return align === 'right' ? padding + cell : cell + padding
    })
    return `${padded.join(GAP).trimEnd()}\n`
  }

  return function lay(rows: readonly Row[]): string {
    const cells = rows.map((row) => columns.map(({ cell }) => stripControlCharacters(cell(row))))
    for (const row of cells)
      row.forEach((cell, index) => {
        widths[index] = Math.max(widths[index] ?? 0, stringWidth(cell))
      })
    const titles = titled ? '' : line(columns.map(({ title }) => title))
    titled = true
    return titles + cells.map(line).join('')
  }
}
