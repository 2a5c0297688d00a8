// The engine process dies during a run: the window lives, the user is told, the next run works.
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { useWorkbench } from '../harness/useWorkbench';

const workbench = useWorkbench();

/** Engines started by this test's VS Code. */
function enginePids(): number[] {
  const processes = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' });
  const engines = processes.split('\n').filter((line) => line.includes('engine.mjs') && !line.includes('--probe'));
  return engines.map((line) => Number.parseInt(line, 10));
}

test('a killed engine is reported once and the next run works', async () => {
  const before = new Set(enginePids());
  await workbench().runCommand('GQA Lens: Open Sample Checkpoint');
  const explorer = await workbench().webview('explorer');
  await explorer.getByTestId('map-mean').first().waitFor({ timeout: 60_000 });
  await expect
    .poll(async () => (await explorer.getByTestId('run').innerText()).trim(), { timeout: 30_000 })
    .toBe('Run');
  const [pid] = enginePids().filter((found) => !before.has(found));
  if (pid === undefined) throw new Error('no engine process was found');

  await explorer.getByTestId('text-input').fill('The engine dies while it reads this long text. '.repeat(30));
  await explorer.getByTestId('run').click();
  process.kill(pid, 'SIGKILL');
  await expect.poll(async () => (await workbench().notifications()).join('\n'), { timeout: 30_000 }).toMatch(/engine/i);
  expect((await workbench().notifications()).filter((message) => /engine/i.test(message))).toHaveLength(1);

  await expect
    .poll(async () => (await explorer.getByTestId('run').innerText()).trim(), { timeout: 30_000 })
    .toBe('Run');
  await explorer.getByTestId('text-input').fill('It is well again.');
  await explorer.getByTestId('run').click();
  await expect.poll(async () => explorer.getByTestId('map-mean').first().isVisible(), { timeout: 60_000 }).toBe(true);
  await expect
    .poll(async () => (await explorer.locator('body').innerText()).includes('again'), { timeout: 60_000 })
    .toBe(true);
  const after = enginePids().filter((found) => !before.has(found));
  expect(after).toHaveLength(1);
  expect(after[0]).not.toBe(pid);
});
