/** The terminal: raw mode, its size, and its way back. */

/** Makes the terminal pass every key on; returns what puts it back. It also comes back when the process exits. */
export function rawMode(stdin: NodeJS.ReadStream): () => void {
  if (!stdin.isTTY) return () => undefined;
  stdin.setRawMode(true);
  const restore = (): void => {
    process.off('exit', restore);
    stdin.setRawMode(false);
  };
  process.on('exit', restore);
  return restore;
}

/** Rows, columns; [0, 0] where there is no terminal. */
export function consoleSize(stdout: NodeJS.WriteStream): [number, number] {
  return stdout.isTTY ? [stdout.rows, stdout.columns] : [0, 0];
}

/** Tells the size now and after each change, until the returned function is called. A failing `tell` isn't minded. */
export function followSize(
  stdout: NodeJS.WriteStream,
  tell: (rows: number, columns: number) => Promise<void>,
): () => void {
  if (!stdout.isTTY) return () => undefined;
  const send = (): void => {
    const [rows, columns] = consoleSize(stdout);
    if (rows > 0 && columns > 0) tell(rows, columns).catch(() => undefined);
  };
  send();
  stdout.on('resize', send);
  return () => void stdout.off('resize', send);
}
