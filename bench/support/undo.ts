/** Steps that a benchmark must undo when it ends, also when it is interrupted. */
export class Undo {
  readonly #steps: (() => unknown)[] = [];

  push(step: () => unknown): void {
    this.#steps.push(step);
  }

  /**
   * Runs `work` and then all steps, last ones first; a failing step is reported and does not
   * prevent the others.
   */
  async after<Result>(work: () => Promise<Result>): Promise<Result> {
    process.once("SIGINT", () => void this.#undoAll().finally(() => process.exit(130)));
    try {
      return await work();
    } finally {
      await this.#undoAll();
    }
  }

  async #undoAll(): Promise<void> {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        process.stderr.write(`not undone: ${error instanceof Error ? error.message : error}\n`);
      }
    }
  }
}
