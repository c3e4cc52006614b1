/** JSON that comes line by line: progress of a load or pull, events. */
import type { ProgressMessage } from '../api/wire/docker.ts';
import { ApiError } from './errors.ts';

export async function* jsonLines<T>(body: AsyncIterable<Buffer>): AsyncGenerator<T> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line) as T;
  }
  if (text.trim() !== '') yield JSON.parse(text) as T;
}

/** Shows a progress stream; rejects with the error that it ends in. */
export async function showProgress(
  body: AsyncIterable<Buffer>,
  show: (text: string) => void,
): Promise<void> {
  const seen = new Map<string, string>();
  for await (const message of jsonLines<ProgressMessage>(body)) {
    if (message.error !== undefined) throw new ApiError(500, message.errorDetail?.message ?? message.error);
    if (message.stream !== undefined) show(message.stream);
    // Counting progress would be a line for every step: each state of each layer is told once.
    else if (message.status !== undefined && seen.get(message.id ?? '') !== message.status) {
      if (message.id !== undefined) seen.set(message.id, message.status);
      show(`${message.id === undefined ? '' : `${message.id}: `}${message.status}\n`);
    }
  }
}
