/** How much may be on its way: whoever sends takes a place, whoever hears an acknowledgement gives one back. */

export class Window {
  #free: number
  readonly #size: number
  #wake: (() => void) | undefined

  constructor(size: number) {
    this.#size = size
    this.#free = size
  }

  /** Takes a place, waiting for one where there is none. */
  async take(): Promise<void> {
    while (this.#free === 0) await this.#given()
    this.#free--
  }

  give(): void {
    this.#free++
    this.#wake?.()
  }

  /** Waits until every place has been given back. */
  async empty(): Promise<void> {
    while (this.#free < this.#size) await this.#given()
  }

  #given(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve
    })
  }
}
