import { isAlive, type ContainerRecord } from '../model/container.ts';
import { BerthError, conflict, invalid } from '../model/errors.ts';
import { tell, type Context } from './context.ts';
import { checkName } from './names.ts';

export async function rename(context: Context, record: ContainerRecord, newName: string): Promise<void> {
  if (newName === '') throw invalid('Neither old nor new names may be empty');
  const renamed = allocated(() => {
    const name = checkName(newName);
    if (name === record.name) throw conflict('Renaming a container with the same name as its current name');
    return context.records.update(record.id, { name });
  });
  const { name } = renamed;
  context.network.rename(record.id, name);
  if (isAlive(renamed.state) && context.network.endpointsOf(record.id).length > 0) {
    await context.netnsNames.remove(record.id);
    await context.netnsNames.add(record.id, [name], renamed.state.pid);
  }
  tell(context, renamed, 'rename', { oldName: `/${record.name}` });
}

/** Docker's words around what is wrong with a name. */
function allocated<T>(allocate: () => T): T {
  try {
    return allocate();
  } catch (error) {
    if (error instanceof BerthError && !error.message.startsWith('Renaming'))
      throw new BerthError(error.kind, `Error when allocating new name: ${error.message.replace('name (', 'name (/')}`);
    throw error;
  }
}
