/** Chance over small collections. */
import type { Random } from '@barrel-actors/runtime'

/** One of them, each as likely; undefined where there is none. */
export function pick<Item>(items: readonly Item[], random: Random): Item | undefined {
  return items.length === 0 ? undefined : items[Math.floor(random.next() * items.length)]
}

/** As many of them as there are, `count` at most, in random order. */
export function sample<Item>(items: Iterable<Item>, count: number, random: Random): Item[] {
  const left = [...items]
  const taken: Item[] = []
  while (taken.length < count && left.length > 0) {
    const at = Math.floor(random.next() * left.length)
    taken.push(left[at] as Item)
    left[at] = left[left.length - 1] as Item
    left.pop()
  }
  return taken
}
