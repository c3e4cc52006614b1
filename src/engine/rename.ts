import { isAlive, type ContainerRecord } from '../model/container.ts';
import { conflict, invalid } from '../model/errors.ts';
import { tell, type Context } from './context.ts';
import { checkName } from './names.ts';

export async function rename(context: Context, record: ContainerRecord, newName: string): Promise<void> {
  if (newName === '') throw invalid('Neither old nor new names may be empty');
  const name = checkName(newName);
  if (name === record.name) throw conflict('Renaming a container with the same name as its current name');
  const renamed = context.records.update(record.id, { name });
  if (isAlive(renamed.state) && context.network.endpoint(record.id)) {
    await context.netnsNames.remove(record.id);
    await context.netnsNames.add(record.id, [name], renamed.state.pid);
  }
  tell(context, renamed, 'rename', { oldName: `/${record.name}` });
}
