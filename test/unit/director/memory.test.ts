import t from 'tap';
import { Memory } from '../../../src/director/memory.js';
import { decodeLastApplied } from '../../../src/director/ownership.js';
import { MemoryFile } from '../../helpers/memory-file.js';
import { MemoryLog } from '../../helpers/memory-log.js';

class FullDisk extends MemoryFile {
  isFull = true;
  override write(text: string): Promise<void> {
    return this.isFull ? Promise.reject(new Error('ENOSPC')) : super.write(text);
  }
}

t.test('what could not be written is written when it can be, and that it could not is said once', async (t) => {
  const [file, log] = [new FullDisk(), new MemoryLog()];
  const memory = new Memory(file, log);
  const now = { last: new Map([['tcp 192.0.2.1:80', ['10.0.0.1:80']]]), leaving: new Map() };
  await memory.remember(now);
  await memory.remember(now);
  t.equal(log.named('director.state-failed').length, 1);
  file.isFull = false;
  await memory.remember(now);
  t.same(decodeLastApplied(file.text ?? ''), now.last);
  file.isFull = true;
  await memory.remember({ ...now, last: new Map() });
  t.equal(log.named('director.state-failed').length, 2, 'it had worked in between');
});
