// The engine process dies during a run: the window lives, the user is told, the next run works.
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { openSample, runText } from '../harness/sampleRun';
import { useWorkbench } from '../harness/useWorkbench';

const workbench = useWorkbench();

/** Engines of this test's VS Code: another test may have its own beside it. */
function enginePids(): number[] {
  const processes = execFileSync('ps', ['-eo', 'pgid=,pid=,args='], { encoding: 'utf8' });
  return processes
    .split('\n')
    .filter((line) => line.includes('engine.mjs') && !line.includes('--probe'))
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([group, pid = NaN]) => (group === workbench().processGroup ? [pid] : []));
}

test('a killed engine is reported once and the next run works', async () => {
  const explorer = await openSample(workbench());
  const [pid] = enginePids();
  if (pid === undefined) throw new Error('no engine process was found');

  await explorer.getByTestId('text-input').fill('The engine dies while it reads this long text. '.repeat(30));
  await explorer.getByTestId('run').click();
  process.kill(pid, 'SIGKILL');
  await expect.poll(async () => (await workbench().notifications()).join('\n'), { timeout: 30_000 }).toMatch(/engine/i);
  expect((await workbench().notifications()).filter((message) => /engine/i.test(message))).toHaveLength(1);

  await runText(explorer, 'It is well again.');
  await expect.poll(async () => explorer.getByTestId('map-mean').first().isVisible(), { timeout: 60_000 }).toBe(true);
  await expect
    .poll(async () => (await explorer.locator('body').innerText()).includes('again'), { timeout: 60_000 })
    .toBe(true);
  const after = enginePids();
  expect(after).toHaveLength(1);
  expect(after[0]).not.toBe(pid);
});
