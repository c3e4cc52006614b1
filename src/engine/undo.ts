import { messageOf } from '../model/errors.ts';

/** Steps that take back what was done, run in reverse. A step that fails is named and the others still run. */
export class UndoStack {
  readonly #steps: { what: string; undo: () => unknown }[] = [];

  push(what: string, undo: () => unknown): void {
    this.#steps.push({ what, undo });
  }

  /** Runs all steps, last first; returns what could not be taken back. */
  async unwind(): Promise<string[]> {
    const leftovers: string[] = [];
    for (const { what, undo } of this.#steps.splice(0).reverse()) {
      try {
        await undo();
      } catch (error) {
        leftovers.push(`${what}: ${messageOf(error)}`);
      }
    }
    return leftovers;
  }
}
