/** A short text that differs where two traces differ: two hashes of 32 bits over all that was written, kept or not. */
export class TraceHash {
  #one = 0x811c9dc5
  #two = 0x9e3779b9

  add(line: string): void {
    let [one, two] = [this.#one, this.#two]
    for (let at = 0; at < line.length; at++) {
      const unit = line.charCodeAt(at)
      one = Math.imul(one ^ unit, 0x01000193)
      two = Math.imul((two << 5) ^ (two >>> 27) ^ unit, 0x85ebca6b)
    }
    this.#one = Math.imul(one ^ 10, 0x01000193)
    this.#two = Math.imul((two << 5) ^ (two >>> 27) ^ 10, 0x85ebca6b)
  }

  get text(): string {
    return [this.#one, this.#two].map(part => (part >>> 0).toString(16).padStart(8, '0')).join('')
  }
}
