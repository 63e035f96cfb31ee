/** The messages of the `codec.*` figures, a fresh one each time, as applications make them. */
import { measurement } from '../workload.ts'

export interface Mix {
  readonly make: (count: number) => unknown
  /** So many different ones are written in turn. */
  readonly different: number
}

/** An order as a web service keeps it: about 2 KB as JSON. */
function order(count: number): object {
  return {
    kind: 'order',
    id: `ord-${100_000 + count}`,
    placedAt: new Date(1_790_000_000_000 + count * 1_000).toISOString(),
    customer: {
      id: count % 977,
      name: `Maria Lopez ${count % 50}`,
      email: `maria${count % 50}@example.com`,
      tags: ['gold', 'newsletter'],
      address: { street: `Calle Mayor ${count % 99}`, city: 'Madrid', zip: String(28_000 + (count % 50)) },
    },
    items: Array.from({ length: 12 }, (_, place) => ({
      sku: `SKU-${(count * 7 + place) % 500}`,
      title: `Article number ${(count + place) % 200}`,
      count: 1 + (place % 3),
      cents: 1_999 + place * (count % 7),
      tax: 0.21,
      options: { colour: ['red', 'green', 'blue'][place % 3], size: 'M', gift: place % 5 === 0 },
    })),
    totals: { net: 12_345 + count, gross: 14_937.45 + count, currency: 'EUR' },
    note: count % 3 === 0 ? 'please ring twice and leave it with the neighbour' : null,
  }
}

function rows(count: number): object {
  return Array.from({ length: 1_000 }, (_, place) => ({
    id: count * 1_000 + place,
    name: `row ${place % 100}`,
    ok: place % 3 === 0,
    value: place * 1.5,
  }))
}

const sentences = [
  'Guten Tag, wie geht es Ihnen heute?',
  'Здравствуйте, как ваши дела?',
  'こんにちは、お元気ですか',
  '你好,你今天怎么样?',
  '안녕하세요, 잘 지내세요?',
  'مرحبا كيف حالك اليوم',
  'Γειά σου, τι κάνεις',
  'नमस्ते, आप कैसे हैं',
  'Olá, como você está?',
  'hello there',
  'Naïve café — déjà vu',
  'Zażółć gęślą jaźń',
]

function chat(count: number): object {
  const sentence = (place: number) => sentences[(count + place) % sentences.length] as string
  return {
    kind: 'chat',
    room: `room-${count % 20}`,
    lines: Array.from({ length: 10 }, (_, place) => `${sentence(place)} ${count % 1_000}`),
    quote: sentence(0).repeat(8),
  }
}

export const mixes = {
  bench: { make: measurement, different: 5_000 },
  nested: { make: order, different: 1_000 },
  rows: { make: rows, different: 20 },
  texts: { make: chat, different: 1_000 },
} as const satisfies Readonly<Record<string, Mix>>

export type MixName = keyof typeof mixes
