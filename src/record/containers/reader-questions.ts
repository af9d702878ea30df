/** Numbers that the reader returns after all earlier answers. */
export interface Questions {
  answer(number: number): void
  answerAll(): void
  /** Sends all that are open to another reader. */
  sendAgain(): void
  /** @returns whether it is answered; `false` after the limit */
  ask(limitMs: number): Promise<boolean>
}

/** @param send does nothing while there is no reader */
export function createQuestions(send: (number: number) => void): Questions {
  const open = new Map<number, () => void>()
  let lastNumber = 0
  const answer = (number: number) => {
    open.get(number)?.()
    open.delete(number)
  }
  return {
    answer,
    answerAll: () => [...open.keys()].forEach(answer),
    sendAgain: () => [...open.keys()].forEach(send),
    ask: (limitMs) =>
      new Promise<boolean>((resolve) => {
        const number = ++lastNumber
        const timer = setTimeout(() => {
          open.delete(number)
          resolve(false)
        }, limitMs)
        open.set(number, () => {
          clearTimeout(timer)
          resolve(true)
        })
        send(number)
      }),
  }
}
