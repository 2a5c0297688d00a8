/** The engine process: killed at rest and at work, too often, and with other settings. */
import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { GqaLensApi } from '../../../src/extension';
import type { Session } from '../../../src/host/session';
import { activate, closeAll, command, openSample, reportedDuring, until } from './support';

describe('the engine process', () => {
  let api: GqaLensApi;
  let session: Session;
  before(async () => {
    api = await activate();
    session = await openSample();
  });
  after(closeAll);

  /** Kills the engine and waits until the extension knows. */
  async function kill(): Promise<void> {
    const pid = api.engine.pid();
    assert.ok(pid !== undefined, 'no engine runs');
    process.kill(pid, 'SIGKILL');
    await until(() => api.engine.pid() !== pid, 'the extension knows that the engine is gone');
  }

  it('is a process of its own', () => {
    assert.notEqual(api.engine.pid(), undefined);
    assert.notEqual(api.engine.pid(), process.pid);
  });

  it('may be killed during a run: the user is told once, and the next run works', async () => {
    const before = api.engine.pid();
    const errors = await reportedDuring(async () => {
      const running = session.run(session.text);
      await until(() => session.busy !== null, 'the run has begun');
      await kill();
      await running;
    });
    assert.deepEqual(
      errors.map(({ code }) => code),
      ['engine-gone'],
    );
    assert.match(errors[0]?.message ?? '', /SIGKILL/);
    assert.equal(session.problem?.code, 'engine-gone');
    await session.run(session.text);
    assert.equal(session.problem, null);
    assert.ok(session.compare !== null);
    assert.notEqual(api.engine.pid(), before);
  });

  it('opens the checkpoint again by itself for what needs no run', async () => {
    await command('showLog');
    await kill();
    const { conversion, model } = session;
    const similarity = await session.similarity({
      modelId: model.modelId,
      layer: 0,
      on: 'weights',
      target: 'k',
      measure: 'aligned',
      conversion,
    });
    assert.equal(similarity.n, 8);
    assert.equal(similarity.matrix.length, 64);
  });

  it('is not started for ever when it keeps ending, until the user asks', async () => {
    await command('showLog');
    for (let crash = 0; crash < 3; crash++) {
      await session.run(session.text);
      await kill();
    }
    await session.run(session.text);
    assert.equal(session.problem?.code, 'engine-gone');
    assert.equal(api.engine.pid(), undefined);
    await command('showLog');
    await session.run(session.text);
    assert.equal(session.problem, null);
  });

  it('is replaced when its settings change, and the run is done again', async () => {
    const before = api.engine.pid();
    const settings = vscode.workspace.getConfiguration('gqaLens');
    const errors = await reportedDuring(async () => {
      await settings.update('gpu.weightBudgetMB', 64, vscode.ConfigurationTarget.Global);
      await until(
        () => api.engine.pid() !== before && session.compare !== null && session.busy === null,
        'the run was done again',
      );
      await settings.update('gpu.weightBudgetMB', undefined, vscode.ConfigurationTarget.Global);
      await until(() => session.compare !== null && session.busy === null, 'the run was done again');
    });
    assert.deepEqual(errors, []);
    assert.equal(session.problem, null);
  });
});
