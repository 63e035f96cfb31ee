/**
 * How often each member may have this node dial others that it names. They may be bystanders, which have nothing to do
 * with the overlay and get the packets of every dial.
 */
import type { NodeName } from '@barrel-actors/runtime'
import { limits } from '../limits.ts'

interface Budget {
  dials: number
  /** Until when `dials` is counted up to. */
  countedMs: number
}

export class DialBudgets {
  readonly #budgets = new Map<NodeName, Budget>()

  /** Members whose budget is not whole. */
  get size(): number {
    return this.#budgets.size
  }

  /** Whether that member may have this node dial once more. */
  has(member: NodeName, now: number): boolean {
    const budget = this.#budgets.get(member)
    if (budget === undefined) return this.#hasRoom(now)
    renew(budget, now)
    return budget.dials >= 1
  }

  /** It has this node dial: whether it may. */
  take(member: NodeName, now: number): boolean {
    if (!this.has(member, now)) return false
    const budget = this.#budgets.get(member) ?? { dials: limits.dialsPerMemberMax, countedMs: now }
    budget.dials--
    this.#budgets.set(member, budget)
    return true
  }

  // Whoever has its whole budget back is as one that is not known.
  #hasRoom(now: number): boolean {
    if (this.#budgets.size < limits.dialingMembersMax) return true
    for (const [member, budget] of this.#budgets) {
      renew(budget, now)
      if (budget.dials >= limits.dialsPerMemberMax) this.#budgets.delete(member)
    }
    return this.#budgets.size < limits.dialingMembersMax
  }
}

function renew(budget: Budget, now: number): void {
  const more = (now - budget.countedMs) / limits.dialEveryMs
  budget.dials = Math.min(limits.dialsPerMemberMax, budget.dials + Math.max(0, more))
  budget.countedMs = now
}
