/** What is said of a value that no one may see. */
export function hidingAll(text: string): string {
  return `${text.length} characters (not shown)`
}
