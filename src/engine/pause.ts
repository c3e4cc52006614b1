import type { ContainerRecord } from '../model/container.ts';
import { conflict } from '../model/errors.ts';
import { freeze, thaw } from './cgroups.ts';
import { tell, type Context } from './context.ts';
import { unwatchHealth, watchHealth } from './health-watch.ts';
import { waitForStart } from './stop.ts';

export async function pause(context: Context, record: ContainerRecord): Promise<void> {
  await waitForStart(context, record);
  const { state } = context.records.get(record.id) ?? record;
  if (state.status === 'paused') throw conflict(`Container ${record.id} is already paused`);
  if (state.status === 'restarting')
    throw conflict(`Container ${record.id} is restarting, wait until the container is running`);
  if (state.status !== 'running') throw conflict(`Container ${record.id} is not running`);
  unwatchHealth(context, record.id);
  await freeze(context, record.id, record.hostConfig.CgroupParent);
  const current = context.records.get(record.id);
  if (current?.state.status !== 'running') return; // it ended while it froze
  tell(context, context.records.update(record.id, { state: { ...current.state, status: 'paused' } }), 'pause');
}

export async function unpause(context: Context, record: ContainerRecord): Promise<void> {
  if (record.state.status !== 'paused') throw conflict(`Container ${record.id} is not paused`);
  await thaw(context, record.id, record.hostConfig.CgroupParent);
  const current = context.records.get(record.id);
  if (current?.state.status !== 'paused') return;
  const running = context.records.update(record.id, { state: { ...current.state, status: 'running' } });
  tell(context, running, 'unpause');
  watchHealth(context, running, { fresh: false });
}
