/** Whether a text has no half of a surrogate pair alone: UTF-8 cannot say such a text. */
export function isWellFormed(text: string): boolean {
  // Node 20 has it; the types of ES2023 do not.
  return (text as string & { isWellFormed(): boolean }).isWellFormed()
}
