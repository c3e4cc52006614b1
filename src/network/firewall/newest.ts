/**
 * Applies states one after the other. Calls that come while one is being applied share the next turn, which takes the
 * newest state; each resolves when a state at least as new as its own is in place.
 */
export function newestWins<State>(applyNow: (state: State) => Promise<void>): (state: State) => Promise<void> {
  const turns: { wanted?: State; running?: Promise<void>; next?: Promise<void> } = {};
  const start = async (): Promise<void> => {
    await turns.running?.catch(() => undefined);
    delete turns.next;
    turns.running = applyNow(turns.wanted as State);
    await turns.running;
  };
  return (state) => {
    turns.wanted = state;
    turns.next ??= start();
    return turns.next;
  };
}
